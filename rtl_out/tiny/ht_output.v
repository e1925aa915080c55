// ht_output.v: output vectors to the output stream
//
// Reads value after value from a buffer connected to its port, adds a bias with saturation where
// there is a table of biases, and sends it. A value takes at least four clocks.
//
// Static library module of htgen: not generated, safe to read and edit.
// SPDX-License-Identifier: MIT OR Apache-2.0
`default_nettype none

module ht_output #(
  parameter BIAS_FILE = "",  // biases; empty for none
  parameter OUTPUTS   = 2,   // values of a vector
  parameter IDX_W     = 1    // bits of a value's number
) (
  input  wire               i_clk,
  input  wire               i_rst,      // synchronous, active high

  // control
  input  wire               i_reserve,  // a vector is about to be computed
  input  wire               i_final,    // with i_reserve: it ends a sequence
  input  wire               i_go,       // the vector, if one is reserved, is in the buffer
  output wire               o_idle,     // none is reserved or being sent

  // the buffer, one clock after the number
  output wire [IDX_W-1:0]   o_idx,
  input  wire signed [15:0] i_value,

  // out: the stream
  output wire               o_valid,
  input  wire               i_ready,
  output wire [15:0]        o_data,
  output wire               o_last,     // last value of the vector
  output wire               o_user      // the vector ends a sequence
);

  generate
    if (OUTPUTS < 1 || IDX_W < 1 || OUTPUTS > (1 << IDX_W)) begin : gen_bounds_outputs
      ht_error_output_idx_w_must_hold_outputs u_error ();
    end
  endgenerate

  localparam [31:0]      FINAL_32 = OUTPUTS - 1;
  localparam [IDX_W-1:0] FINAL    = FINAL_32[IDX_W-1:0];
  localparam DEPTH = (OUTPUTS < 2) ? 2 : OUTPUTS;

  reg             busy_q;
  reg             final_q;
  reg [1:0]       wait_q;    // clocks until the value is there; 0 when it is sent or absent
  reg             valid_q;
  reg [IDX_W-1:0] idx_q;
  reg signed [15:0] value_q;
  reg signed [15:0] data_q;
  wire sent = valid_q && i_ready;
  wire done = sent && (idx_q == FINAL);

  // busy_q: a vector is reserved or being sent
  always @(posedge i_clk)
    if (i_rst)          busy_q <= 1'b0;
    else if (i_reserve) busy_q <= 1'b1;
    else if (done)      busy_q <= 1'b0;

  // final_q: it ends a sequence; needs no reset
  always @(posedge i_clk) if (i_reserve) final_q <= i_final;

  // wait_q: three clocks, through the buffer, value_q and data_q
  always @(posedge i_clk)
    if (i_rst)                                  wait_q <= 2'd0;
    else if ((i_go && busy_q) || (sent && !done)) wait_q <= 2'd3;
    else if (wait_q != 2'd0)                    wait_q <= wait_q - 2'd1;

  // valid_q: a value waits to be taken
  always @(posedge i_clk)
    if (i_rst)               valid_q <= 1'b0;
    else if (wait_q == 2'd1) valid_q <= 1'b1;
    else if (sent)           valid_q <= 1'b0;

  // idx_q: its number
  always @(posedge i_clk)
    if (i_rst || done) idx_q <= {IDX_W{1'b0}};
    else if (sent)     idx_q <= idx_q + {{(IDX_W-1){1'b0}}, 1'b1};

  // value_q: the value as the buffer gives it; needs no reset
  always @(posedge i_clk) value_q <= i_value;

  generate if (BIAS_FILE == "") begin : gen_plain
    // data_q: the value; needs no reset
    always @(posedge i_clk) if (wait_q == 2'd1) data_q <= value_q;
  end else begin : gen_bias
    wire signed [15:0] bias;
    if (DEPTH <= 64) begin : gen_small
      ht_table #(.FILE (BIAS_FILE), .WIDTH (16), .DEPTH (DEPTH)) u_bias (
        .i_addr (idx_q),
        .o_data (bias)
      );
    end else begin : gen_large
      ht_rom #(.FILE (BIAS_FILE), .WIDTH (16), .DEPTH (DEPTH)) u_bias (
        .i_clk  (i_clk),
        .i_re   (1'b1),
        .i_addr (idx_q),
        .o_data (bias)
      );
    end
    reg signed [15:0] bias_q;
    // bias_q: aligned with the value; needs no reset
    always @(posedge i_clk) bias_q <= bias;

    wire signed [16:0] sum = {value_q[15], value_q} + {bias_q[15], bias_q};

    // data_q: value and bias, saturated; needs no reset
    always @(posedge i_clk)
      if (wait_q == 2'd1)
        data_q <= (sum[16] == sum[15]) ? sum[15:0] : {sum[16], {15{!sum[16]}}};
  end endgenerate

  assign o_idle  = !busy_q;
  assign o_idx   = idx_q;
  assign o_valid = valid_q;
  assign o_data  = data_q;
  assign o_last  = (idx_q == FINAL);
  assign o_user  = final_q;

endmodule

`default_nettype wire
