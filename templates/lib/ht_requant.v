// ht_requant.v: accumulator to activation: shift, round half up, saturate
//
// With s = SHIFT_MIN + i_shift and b = NARROW_W or OUT_W bits:
//   o_data = saturate((i_acc + 2^(s-1)) >>> s) to b bits, sign-extended to OUT_W. Latency 2 clocks,
// one value per clock. Internally, a negative sum is carried as its ones' complement: the shift
// commutes with it, every overflow then looks the same (a one above the window) and clips to ones,
// which is the set input of a register.
//
// Static library module of htgen: not generated, safe to read and edit.
// SPDX-License-Identifier: MIT OR Apache-2.0
`default_nettype none

module ht_requant #(
  parameter ACC_W      = 32, // accumulator width, bits, > SHIFT_MIN + SHIFT_SPAN
  parameter OUT_W      = 16, // width of the result, bits, >= 3
  parameter NARROW_W   = 12, // width it saturates to with i_narrow, bits, 2..OUT_W
  parameter SHIFT_MIN  = 1,  // least shift, >= 1
  parameter SHIFT_SPAN = 15, // greatest shift minus least shift, >= 0
  parameter SHIFT_W    = (SHIFT_SPAN < 2) ? 1 : $clog2(SHIFT_SPAN + 1) // derived, do not set
) (
  input  wire                    i_clk,

  input  wire signed [ACC_W-1:0] i_acc,
  input  wire [SHIFT_W-1:0]      i_shift,     // shift minus SHIFT_MIN, <= SHIFT_SPAN
  input  wire                    i_narrow,    // saturate to NARROW_W bits

  output wire signed [OUT_W-1:0] o_data,      // two clocks later
  output wire                    o_saturated  // the sum was below, or rounds above, b bits
);

  localparam STEPS  = (SHIFT_SPAN < 1) ? 0 : SHIFT_W;     // stages of the shifter
  localparam KEPT_W = ACC_W - SHIFT_MIN;                  // magnitude and guard bit, unshifted
  localparam WIN_W  = OUT_W + (1 << STEPS) - 1;           // what any shift can bring into view
  localparam ALL_W  = (KEPT_W > WIN_W) ? KEPT_W : WIN_W;

  generate
    if (SHIFT_MIN < 1 || SHIFT_SPAN < 0 || ACC_W <= SHIFT_MIN + SHIFT_SPAN) begin : gen_bounds_shift
      ht_error_requant_shift_must_be_1_to_less_than_acc_w u_error ();
    end
    if (OUT_W < 3 || NARROW_W < 2 || NARROW_W > OUT_W) begin : gen_bounds_width
      ht_error_requant_narrow_w_must_be_2_to_out_w u_error ();
    end
  endgenerate

  // Stage 1: ones' complement, shift to one guard bit below the result, find overflow.
  wire              sign = i_acc[ACC_W-1];
  wire [ACC_W-2:0]  ones = i_acc[ACC_W-2:0] ^ {(ACC_W-1){sign}};
  wire [ALL_W-1:0]  kept;
  reg  [ALL_W-1:0]  view;     // shrinks to OUT_W bits: magnitude and guard bit
  reg               above;    // a one was left above the window
  integer k;

  generate if (ALL_W > KEPT_W) begin : gen_pad
    assign kept = {{(ALL_W-KEPT_W){1'b0}}, ones[ACC_W-2:SHIFT_MIN-1]};
  end else begin : gen_no_pad
    assign kept = ones[ACC_W-2:SHIFT_MIN-1];
  end endgenerate

  always @(*) begin
    above = |(kept >> WIN_W);
    view  = kept & ({ALL_W{1'b1}} >> (ALL_W - WIN_W));
    for (k = STEPS - 1; k >= 0; k = k - 1) begin
      if (i_shift[k]) view  = view >> (1 << k);
      else            above = above || |(view >> (OUT_W + (1 << k) - 1));
      view = view & ({ALL_W{1'b1}} >> (ALL_W - OUT_W - (1 << k) + 1));
    end
  end

  wire over_wide   = above;
  wire over_narrow = i_narrow && |(view >> NARROW_W);

  reg             sign_q;
  reg             narrow_q;
  reg             over_q;
  reg [OUT_W-1:0] view_q;

  // sign_q: sign of the sum; needs no reset
  always @(posedge i_clk) sign_q <= sign;

  // narrow_q: the limit that holds for view_q; needs no reset
  always @(posedge i_clk) narrow_q <= i_narrow;

  // over_q: the shifted sum is beyond the limit; needs no reset
  always @(posedge i_clk) over_q <= over_wide || over_narrow;

  // view_q: magnitude and guard bit, all ones up to the limit on overflow; needs no reset
  genvar b;
  generate for (b = 0; b < OUT_W; b = b + 1) begin : gen_view
    if (b < NARROW_W) begin : gen_low
      always @(posedge i_clk) view_q[b] <= over_wide || over_narrow || view[b];
    end else begin : gen_high
      always @(posedge i_clk) view_q[b] <= (over_wide || view[b]) && !i_narrow;
    end
  end endgenerate

  // Stage 2: back to two's complement, and round. No rounding at the greatest value: it would leave
  // the range, and saturation would bring it back to the same value.
  wire at_max = !sign_q && &view_q[NARROW_W-1:1]
                && (narrow_q || &(view_q | ~({OUT_W{1'b1}} << NARROW_W)));
  wire guard  = view_q[0] ^ sign_q;
  wire up     = guard && !at_max;

  reg signed [OUT_W-1:0] data_q;
  reg                    saturated_q;

  // data_q: the result; x + up is written as the complement of (ones' complement - up), so that the
  // complement costs no separate LUT before the adder; needs no reset
  wire [OUT_W-1:0] less = {1'b0, view_q[OUT_W-1:1]} + {OUT_W{sign_q}}
                          + {{(OUT_W-1){1'b0}}, up ^ sign_q};
  always @(posedge i_clk) data_q <= less ^ {OUT_W{sign_q}};

  // saturated_q: it was out of range, before or after rounding; needs no reset
  always @(posedge i_clk) saturated_q <= over_q || (guard && at_max);

  assign o_data      = data_q;
  assign o_saturated = saturated_q;

  wire unused = &{1'b0, i_shift, ones, view};

`ifdef FORMAL
  // The header's formula, in one wide sum.
  localparam F_W = ACC_W + OUT_W + 2;
  wire signed [F_W-1:0] f_one   = 1;
  wire signed [F_W-1:0] f_acc   = i_acc;
  wire        [31:0]    f_shift = SHIFT_MIN + {{(32-SHIFT_W){1'b0}}, i_shift};
  wire signed [F_W-1:0] f_exact = (f_acc + ((f_one << f_shift) >>> 1)) >>> f_shift;
  wire signed [F_W-1:0] f_limit = f_one << ((i_narrow ? NARROW_W : OUT_W) - 1);
  wire                  f_over  = f_exact >= f_limit;
  wire                  f_under = (f_acc >>> f_shift) < -f_limit;
  wire signed [F_W-1:0] f_data  = f_over ? f_limit - f_one : f_under ? -f_limit : f_exact;

  reg signed [F_W-1:0] f_data_q, f_data_q2;
  reg                  f_clip_q, f_clip_q2;
  reg                  f_legal_q = 1'b0, f_legal_q2 = 1'b0;
  always @(posedge i_clk) {f_data_q2, f_data_q} <= {f_data_q, f_data};
  always @(posedge i_clk) {f_clip_q2, f_clip_q} <= {f_clip_q, f_over || f_under};
  always @(posedge i_clk) {f_legal_q2, f_legal_q} <= {f_legal_q, i_shift <= SHIFT_SPAN};

  // Rule 1: two clocks later the result is the formula's.
  always @(*) if (f_legal_q2) assert (o_data == f_data_q2);

  // Rule 2: the flag marks a sum below the least value, or one that rounds above the greatest.
  always @(*) if (f_legal_q2) assert (o_saturated == f_clip_q2);
`endif

endmodule

`default_nettype wire
