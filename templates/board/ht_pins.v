// ht_pins.v: all ports of a design through two pins, so that any part can hold it
//
// The inputs of the design come from a shift register behind the serial pin; its outputs are folded
// into a signature that leaves through the other pin. Every input can take any value and every
// output changes the signature, so synthesis must keep the whole design; both sides are registers,
// so the clock found is that of the design. Costs IN_W + 2 OUT_W + 9 flip-flops and OUT_W + 2 small
// LUTs.
//
// Static library module of htgen: not generated, safe to read and edit.
// SPDX-License-Identifier: MIT OR Apache-2.0
`default_nettype none

module ht_pins #(
  parameter IN_W  = 1, // input bits of the design, >= 1
  parameter OUT_W = 1  // output bits of the design, >= 1
) (
  input  wire             i_clk,

  // pins
  input  wire             i_serial,
  output wire             o_serial,

  // design
  output wire             o_reset_n, // low for the first eight clocks
  output wire [IN_W-1:0]  o_word,
  input  wire [OUT_W-1:0] i_word
);

  reg  [7:0]       awake_q = 8'd0;
  reg  [IN_W-1:0]  in_q;
  reg  [OUT_W-1:0] out_q;
  reg  [OUT_W-1:0] signature_q;
  reg              serial_q;
  wire [IN_W:0]    in_d;
  wire [OUT_W:0]   shifted;

  assign o_reset_n = awake_q[7];
  assign o_serial  = serial_q;
  assign o_word    = in_q;
  assign in_d      = {in_q, i_serial};
  assign shifted   = {signature_q, 1'b0};

  // awake_q: ones are shifted in after configuration, which leaves it zero; the reset of everything
  // else
  always @(posedge i_clk)
    awake_q <= {awake_q[6:0], 1'b1};

  // in_q: the serial bits of the last IN_W clocks; set by reset, because otherwise a register of
  // the design that copies an input would equal the next bit here, and be merged with it
  always @(posedge i_clk)
    if (!o_reset_n) in_q <= {IN_W{1'b1}};
    else            in_q <= in_d[IN_W-1:0];

  // out_q: the design's outputs; needs no reset
  always @(posedge i_clk)
    out_q <= i_word;

  // signature_q: all outputs so far, shifted and folded
  always @(posedge i_clk)
    if (!o_reset_n) signature_q <= {OUT_W{1'b0}};
    else            signature_q <= shifted[OUT_W-1:0] ^ out_q;

  // serial_q: the bit of the signature that leaves
  always @(posedge i_clk)
    if (!o_reset_n) serial_q <= 1'b0;
    else            serial_q <= shifted[OUT_W] ^ in_d[IN_W];

endmodule

`default_nettype wire
