// sample_top.v: two multiply-accumulate lanes fed from one coefficient memory, AXI4-Stream
//
// Test design of htgen's synthesis flow: each frame of input words is weighed with the
// coefficients from address 0 on; behind tlast the two sums leave as one word.
`default_nettype none

module sample_top (
  input  wire        aclk,
  input  wire        aresetn,       // synchronous, active low

  // s_axis: activations, one a beat
  input  wire        s_axis_tvalid,
  output wire        s_axis_tready,
  input  wire [15:0] s_axis_tdata,
  input  wire        s_axis_tlast,

  // m_axis: two sums a beat
  output wire        m_axis_tvalid,
  input  wire        m_axis_tready,
  output wire [63:0] m_axis_tdata,
  output wire        m_axis_tlast
);

  reg  [7:0]         addr_q;
  reg  [4:0]         drain_q;
  reg                full_q;
  reg                clear_q;
  reg  signed [15:0] x_q;
  reg                en_q;
  reg                en_q2;
  wire [31:0]        word;
  wire               take;
  genvar             lane;

  assign s_axis_tready = !full_q && drain_q == 5'd0;
  assign m_axis_tvalid = full_q;
  assign m_axis_tlast  = full_q;
  assign take          = s_axis_tvalid && s_axis_tready;

  // addr_q: coefficient of the next activation
  always @(posedge aclk)
    if (!aresetn || drain_q != 5'd0) addr_q <= 8'd0;
    else if (take)                   addr_q <= addr_q + 8'd1;

  // drain_q: a one travels through while the last products reach the sums
  always @(posedge aclk)
    if (!aresetn) drain_q <= 5'd0;
    else          drain_q <= {drain_q[3:0], take && s_axis_tlast};

  // full_q: sums wait for the consumer
  always @(posedge aclk)
    if (!aresetn)           full_q <= 1'b0;
    else if (drain_q[4])    full_q <= 1'b1;
    else if (m_axis_tready) full_q <= 1'b0;

  // clear_q: the sums start again behind the word that left
  always @(posedge aclk)
    clear_q <= !aresetn || (full_q && m_axis_tready);

  // x_q: the activation beside its coefficient; needs no reset
  always @(posedge aclk) x_q <= s_axis_tdata;

  // en_q: an activation stands in x_q
  always @(posedge aclk) en_q <= aresetn && take;

  // en_q2: an activation stands in the lanes
  always @(posedge aclk) en_q2 <= aresetn && en_q;

  // en_q3: a product stands in the lanes
  reg en_q3;
  always @(posedge aclk) en_q3 <= aresetn && en_q2;

  sample_rom u_rom (
    .i_clk  (aclk),
    .i_addr (addr_q),
    .o_word (word)
  );

  generate
    for (lane = 0; lane < 2; lane = lane + 1) begin : gen_lane
      sample_lane u_lane (
        .i_clk   (aclk),
        .i_en    (en_q3 || clear_q),
        .i_clear (clear_q),
        .i_x     (x_q),
        .i_w     (word[16*lane +: 16]),
        .o_sum   (m_axis_tdata[32*lane +: 32])
      );
    end
  endgenerate

endmodule

`default_nettype wire
