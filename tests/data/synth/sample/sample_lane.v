// sample_lane.v: multiply-accumulate with registered operands and product
//
// Test design of htgen's synthesis flow. Latency: three clocks from operands to sum.
`default_nettype none

module sample_lane (
  input  wire               i_clk,
  input  wire               i_en,    // operands are valid, product enters the sum two clocks later
  input  wire               i_clear, // with the enable: the sum starts again at zero
  input  wire signed [15:0] i_x,
  input  wire signed [15:0] i_w,
  output wire signed [31:0] o_sum
);

  reg signed [15:0] x_q;
  reg signed [15:0] w_q;
  reg signed [31:0] product_q;
  reg signed [31:0] sum_q;

  assign o_sum = sum_q;

  // x_q: activation; needs no reset
  always @(posedge i_clk) x_q <= i_x;

  // w_q: coefficient; needs no reset
  always @(posedge i_clk) w_q <= i_w;

  // product_q: full product; needs no reset
  always @(posedge i_clk) product_q <= x_q * w_q;

  // sum_q: running sum; clear stands inside enable so that the adder packs into the multiplier
  always @(posedge i_clk)
    if (i_en) begin
      if (i_clear) sum_q <= 32'sd0;
      else         sum_q <= sum_q + product_q;
    end

endmodule

`default_nettype wire
