// player.v: stands in for a design: plays the values of player.hex, one vector a sequence
//
// A test of the bench: fault.hex says what it does wrong, and the bench must notice.
// PLAYER_IN_BITS, PLAYER_VALUES and PLAYER_TOTAL are replaced by numbers.
`default_nettype none

module random_top (
  input  wire                      aclk,
  input  wire                      aresetn,
  input  wire [PLAYER_IN_BITS-1:0] s_axis_tdata,
  input  wire                      s_axis_tvalid,
  output wire                      s_axis_tready,
  input  wire                      s_axis_tlast,
  output wire [15:0]               m_axis_tdata,
  output wire                      m_axis_tvalid,
  input  wire                      m_axis_tready,
  output wire                      m_axis_tlast,
  output wire                      m_axis_tuser,
  output wire                      error
);

  localparam [15:0] LAST  = PLAYER_VALUES - 1;
  localparam [15:0] TOTAL = PLAYER_TOTAL;

  wire [7:0]  fault;
  wire [15:0] word;
  reg  [15:0] place_q, index_q, pending_q;
  reg         error_q, refused_q, dropped_q;
  reg  [1:0]  wait_q;
  wire        unused_data = &{1'b0, s_axis_tdata};

  ht_table #(.FILE ("fault.hex"), .WIDTH (8), .DEPTH (2)) u_fault (
    .i_addr (1'b0),
    .o_data (fault)
  );
  ht_rom #(.FILE ("player.hex"), .WIDTH (16), .DEPTH (PLAYER_TOTAL)) u_words (
    .i_clk  (aclk),
    .i_re   (1'b1),
    .i_addr ((place_q < TOTAL) ? place_q[$clog2(PLAYER_TOTAL)-1:0] : 0),
    .o_data (word)
  );

  wire here  = (place_q == 16'd5);
  wire more  = (fault == 8'd7) && (place_q == TOTAL);
  wire shown = (pending_q != 16'd0 || more) && (wait_q == 2'd2);
  wire moves = m_axis_tvalid && m_axis_tready;
  wire ends  = s_axis_tvalid && s_axis_tready && s_axis_tlast;
  wire whole = moves && (index_q == LAST);

  // What each fault does.
  assign s_axis_tready = !(fault == 8'd1 && place_q > 16'd5);
  assign m_axis_tdata  = word ^ {15'd0, (fault == 8'd2 && here) || (fault == 8'd3 && refused_q)};
  assign m_axis_tlast  = (index_q == LAST) ^ ((fault == 8'd4 && here) || (fault == 8'd5 && refused_q));
  assign m_axis_tuser  = (fault != 8'd6) ^ (fault == 8'd12 && refused_q);
  assign m_axis_tvalid = (shown && !(fault == 8'd8 && dropped_q)) || (fault == 8'd9 && !aresetn);
  assign error         = error_q || (fault == 8'd10 && here) || (fault == 8'd11 && !aresetn);

  always @(posedge aclk)
    if (!aresetn)   place_q <= 16'd0;
    else if (moves) place_q <= place_q + 16'd1;

  always @(posedge aclk)
    if (!aresetn)   index_q <= 16'd0;
    else if (moves) index_q <= whole ? 16'd0 : index_q + 16'd1;

  always @(posedge aclk)
    if (!aresetn) pending_q <= 16'd0;
    else          pending_q <= pending_q + {15'd0, ends} - {15'd0, whole && !more};

  always @(posedge aclk)
    if (!aresetn || moves) wait_q <= 2'd0;
    else if (wait_q != 2'd2) wait_q <= wait_q + 2'd1;

  always @(posedge aclk) error_q <= 1'b0;
  always @(posedge aclk) refused_q <= m_axis_tvalid && !m_axis_tready;
  always @(posedge aclk) dropped_q <= m_axis_tvalid && !m_axis_tready;

endmodule

`default_nettype wire
