// ht_round.v: add, drop fraction bits with rounding, saturate; fixed shift, no clock
//
// o_data = saturate((i_data + i_add * 2^SHIFT + 2^(SHIFT-1)) >>> SHIFT) to OUT_W bits,
// that is round half up (towards +infinity); without the middle term for SHIFT = 0.
// One carry chain: the rounding bit enters as the bit below the addend.
// For a shift that changes at run time see ht_requant.
//
// Static library module of htgen: not generated, safe to read and edit.
// SPDX-License-Identifier: MIT OR Apache-2.0
`default_nettype none

module ht_round #(
  parameter IN_W  = 32, // width of i_data, bits, > SHIFT
  parameter SHIFT = 15, // fraction bits dropped, >= 0
  parameter ADD_W = 16, // width of i_add, bits, >= 1
  parameter OUT_W = 16  // width of the result, bits, >= 2
) (
  input  wire signed [IN_W-1:0]  i_data,
  input  wire signed [ADD_W-1:0] i_add,   // has the result's fraction bits
  output wire signed [OUT_W-1:0] o_data
);

  localparam HIGH_W = IN_W - SHIFT;                              // what is left of i_data
  localparam SUM_W  = ((HIGH_W > ADD_W) ? HIGH_W : ADD_W) + 1;   // the exact result

  generate
    if (SHIFT < 0 || IN_W <= SHIFT) begin : gen_bounds_shift
      ht_error_round_shift_must_be_less_than_in_w u_error ();
    end
    if (ADD_W < 1 || OUT_W < 2) begin : gen_bounds_width
      ht_error_round_width_too_small u_error ();
    end
  endgenerate

  // The rounding bit: the highest one dropped.
  wire half;
  generate if (SHIFT == 0) begin : gen_exact
    assign half = 1'b0;
  end else begin : gen_half
    assign half = i_data[SHIFT-1];
  end endgenerate

  wire signed [HIGH_W-1:0] high = i_data[IN_W-1:SHIFT];
  wire signed [SUM_W:0]    a    = {{(SUM_W-HIGH_W){high[HIGH_W-1]}}, high, half};
  wire signed [SUM_W:0]    b    = {{(SUM_W-ADD_W){i_add[ADD_W-1]}}, i_add, 1'b1};
  wire signed [SUM_W:0]    sum  = a + b;
  wire signed [SUM_W-1:0]  all  = sum[SUM_W:1];

  generate if (OUT_W < SUM_W) begin : gen_saturate
    wire fits = (all[SUM_W-1:OUT_W-1] == {(SUM_W-OUT_W+1){all[SUM_W-1]}});
    assign o_data = fits ? all[OUT_W-1:0] : {all[SUM_W-1], {(OUT_W-1){!all[SUM_W-1]}}};
  end else begin : gen_extend
    wire signed [OUT_W:0] wide = {{(OUT_W-SUM_W+1){all[SUM_W-1]}}, all};
    assign o_data = wide[OUT_W-1:0];
    wire unused_wide = wide[OUT_W];
  end endgenerate

  wire unused = &{1'b0, i_data, sum[0]};

`ifdef FORMAL
  // The header's formula, in one wide sum.
  localparam F_W = IN_W + ADD_W + OUT_W + 2;
  wire signed [F_W-1:0] f_one   = 1;
  wire signed [F_W-1:0] f_data  = i_data;
  wire signed [F_W-1:0] f_add   = i_add;
  wire signed [F_W-1:0] f_half  = (f_one << SHIFT) >>> 1;
  wire signed [F_W-1:0] f_exact = (f_data + (f_add << SHIFT) + f_half) >>> SHIFT;
  wire signed [F_W-1:0] f_max   = (f_one << (OUT_W - 1)) - f_one;
  wire signed [F_W-1:0] f_min   = -(f_one << (OUT_W - 1));

  // Rule 1: the result is the formula's.
  always @(*)
    assert (o_data == ((f_exact > f_max) ? f_max : (f_exact < f_min) ? f_min : f_exact));
`endif

endmodule

`default_nettype wire
