// ht_mac.v: one lane, multiply two signed operands and accumulate the product
//
// Stage 1 registers the operands, stage 2 the product (both inside SB_MAC16), stage 3 is the
// accumulator in fabric. i_acc_en and i_acc_first belong to the product register: they come two
// clocks after the operands they accumulate, and o_acc follows one clock later. A new sum starts
// without a lost clock. The sum must fit ACC_W bits: the number formats guarantee it, nothing
// checks it.
//
// Static library module of htgen: not generated, safe to read and edit.
// SPDX-License-Identifier: MIT OR Apache-2.0
`default_nettype none

module ht_mac #(
  parameter ACT_W = 12, // activation width, bits, 2..18
  parameter WGT_W = 8,  // weight width, bits, 2..18
  parameter ACC_W = 32  // accumulator width, bits, ACT_W + WGT_W .. 64
) (
  input  wire                    i_clk,

  // operands
  input  wire signed [ACT_W-1:0] i_act,
  input  wire signed [WGT_W-1:0] i_wgt,

  // accumulator control, two clocks after the operands
  input  wire                    i_acc_en,     // add the product
  input  wire                    i_acc_first,  // ... to zero instead of the sum

  output wire signed [ACC_W-1:0] o_acc
);

  localparam PROD_W = ACT_W + WGT_W;

  generate
    if (ACT_W < 2 || ACT_W > 18) begin : gen_bounds_act
      ht_error_mac_act_w_must_be_2_to_18 u_error ();
    end
    if (WGT_W < 2 || WGT_W > 18) begin : gen_bounds_wgt
      ht_error_mac_wgt_w_must_be_2_to_18 u_error ();
    end
    if (ACC_W < PROD_W || ACC_W > 64) begin : gen_bounds_acc
      ht_error_mac_acc_w_must_hold_a_product u_error ();
    end
  endgenerate

  reg signed [ACT_W-1:0]  act_q;
  reg signed [WGT_W-1:0]  wgt_q;
  reg signed [PROD_W-1:0] prod_q;
  reg signed [ACC_W-1:0]  acc_q;

  // act_q: operand register; needs no reset
  always @(posedge i_clk) act_q <= i_act;

  // wgt_q: operand register; needs no reset
  always @(posedge i_clk) wgt_q <= i_wgt;

  // prod_q: exactly one product register, see the README on yosys; needs no reset
  always @(posedge i_clk) prod_q <= act_q * wgt_q;

  // Sign extension by concatenation also works for PROD_W == ACC_W.
  wire signed [ACC_W:0]   prod_wide = {{(ACC_W-PROD_W+1){prod_q[PROD_W-1]}}, prod_q};
  wire signed [ACC_W-1:0] prod      = prod_wide[ACC_W-1:0];
  wire unused = prod_wide[ACC_W];

  // acc_q: the sum; as a choice after the adder the restart shares the adder's LUT on iCE40 (one
  // per bit), before the adder it would need a second; needs no reset
  always @(posedge i_clk)
    if (i_acc_en) acc_q <= i_acc_first ? prod : acc_q + prod;

  assign o_acc = acc_q;

`ifdef FORMAL
  reg [1:0] f_age_q = 2'd0;  // clocks since the start, up to 3
  always @(posedge i_clk) if (f_age_q != 2'd3) f_age_q <= f_age_q + 2'd1;

  reg signed [ACT_W-1:0] f_act_q, f_act_q2;
  reg signed [WGT_W-1:0] f_wgt_q, f_wgt_q2;
  always @(posedge i_clk) {f_act_q2, f_act_q} <= {f_act_q, i_act};
  always @(posedge i_clk) {f_wgt_q2, f_wgt_q} <= {f_wgt_q, i_wgt};
  wire signed [ACC_W-1:0] f_product = f_act_q2 * f_wgt_q2;

  // Rule 1: with enable the accumulator takes the product of the operands of two
  // clocks ago, on top of the old sum unless it is the first.
  always @(posedge i_clk)
    if (f_age_q == 2'd3 && $past(i_acc_en))
      assert (o_acc == $past(f_product) + ($past(i_acc_first) ? {ACC_W{1'b0}} : $past(o_acc)));

  // Rule 2: without enable it holds.
  always @(posedge i_clk)
    if (f_age_q == 2'd3 && !$past(i_acc_en)) assert ($stable(o_acc));
`endif

endmodule

`default_nettype wire
