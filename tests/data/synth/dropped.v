// dropped.v: a product behind two registers, which synth_ice40 -dsp resolves to a constant
//
// Provokes the conflict of drivers that htgen turns into an error.
`default_nettype none

module dropped (
  input  wire               aclk,
  input  wire               aresetn,
  input  wire signed [15:0] x,
  input  wire signed [15:0] w,
  output reg  signed [31:0] y
);

  reg signed [15:0] x_q;
  reg signed [15:0] w_q;
  reg signed [31:0] product_q;

  always @(posedge aclk) begin
    x_q       <= x;
    w_q       <= w;
    product_q <= x_q * w_q;
    y         <= product_q;
  end

endmodule

`default_nettype wire
