// ht_convert.v: a stream element as a word of the input buffer
//
// Shift left, or right with round half up, then saturation; no clock. The shift is
// a constant, so this is wiring and at most one adder.
//
// Static library module of htgen: not generated, safe to read and edit.
// SPDX-License-Identifier: MIT OR Apache-2.0
`default_nettype none

module ht_convert #(
  parameter IN_W       = 8,   // element, bits
  parameter IN_SIGNED  = 0,   // 1: two's complement, 0: unsigned
  parameter SHIFT_LEFT = 0,   // -32..32; negative: right
  parameter OUT_W      = 12   // word, bits
) (
  input  wire [IN_W-1:0]         i_data,
  output wire signed [OUT_W-1:0] o_data
);

  localparam signed [31:0] SHIFT = SHIFT_LEFT;  // also when it was given without a sign
  localparam LEFT   = (SHIFT > 0) ? SHIFT : 0;
  localparam RIGHT  = (SHIFT < 0) ? -SHIFT : 0;
  localparam WIDE_W = IN_W + LEFT + RIGHT + OUT_W + 2;

  generate
    if (IN_W < 1 || OUT_W < 2) begin : gen_bounds_width
      ht_error_convert_width_too_small u_error ();
    end
    if (SHIFT < -32 || SHIFT > 32) begin : gen_bounds_shift
      ht_error_convert_shift_out_of_bounds u_error ();
    end
  endgenerate

  wire                     sign = (IN_SIGNED != 0) && i_data[IN_W-1];
  wire signed [WIDE_W-1:0] wide = {{(WIDE_W-IN_W){sign}}, i_data};
  wire signed [WIDE_W-1:0] left = wide <<< LEFT;
  wire signed [WIDE_W-1:0] moved;

  generate if (RIGHT > 0) begin : gen_right
    localparam signed [WIDE_W-1:0] HALF = {{(WIDE_W-1){1'b0}}, 1'b1} << (RIGHT - 1);
    assign moved = (left + HALF) >>> RIGHT;
  end else begin : gen_left
    assign moved = left;
  end endgenerate

  // The upper bits agree with the sign when the value fits.
  wire fits = (moved[WIDE_W-1:OUT_W-1] == {(WIDE_W-OUT_W+1){moved[WIDE_W-1]}});
  assign o_data = fits ? moved[OUT_W-1:0]
                       : {moved[WIDE_W-1], {(OUT_W-1){!moved[WIDE_W-1]}}};

endmodule

`default_nettype wire
