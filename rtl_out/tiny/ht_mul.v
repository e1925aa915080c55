// ht_mul.v: signed multiplier on beats, in a DSP block or serial in LUTs
//
// A beat is a clock with i_beat high. Operands are taken at beat b; o_product is stable from beat
// b+1 to beat b+2, so that a register after it takes it at beat b+2. One product per beat. SERIAL =
// 0: two registers around one multiply, beats may follow every clock. SERIAL = 1: one bit of i_b
// per clock, at least B_W + 1 clocks from beat to beat, and no multiply operator anywhere.
//
// Static library module of htgen: not generated, safe to read and edit.
// SPDX-License-Identifier: MIT OR Apache-2.0
`default_nettype none

module ht_mul #(
  parameter A_W    = 16, // width of i_a, bits, >= 2
  parameter B_W    = 16, // width of i_b, bits, 2..31; the serial form takes one clock for each
  parameter SERIAL = 0   // 0: DSP block, 1: shift and add
) (
  input  wire                      i_clk,
  input  wire                      i_beat,

  input  wire signed [A_W-1:0]     i_a,       // taken at beat b
  input  wire signed [B_W-1:0]     i_b,
  output wire signed [A_W+B_W-1:0] o_product  // to be taken at beat b+2
);

  generate
    if (A_W < 2 || B_W < 2 || B_W > 31) begin : gen_bounds_width
      ht_error_mul_width_out_of_bounds u_error ();
    end
    if (SERIAL != 0 && SERIAL != 1) begin : gen_bounds_serial
      ht_error_mul_serial_must_be_0_or_1 u_error ();
    end
  endgenerate

  reg signed [A_W-1:0]     a_q;
  reg signed [A_W+B_W-1:0] product_q;

  assign o_product = product_q;

  generate if (SERIAL == 0) begin : gen_dsp
    reg signed [B_W-1:0] b_q;

    // a_q: operand register of the DSP block; needs no reset
    always @(posedge i_clk) if (i_beat) a_q <= i_a;

    // b_q: operand register of the DSP block; needs no reset
    always @(posedge i_clk) if (i_beat) b_q <= i_b;

    // product_q: its product register; needs no reset
    always @(posedge i_clk) if (i_beat) product_q <= a_q * b_q;

  end else begin : gen_serial
    localparam STEP_W = $clog2(B_W + 1);
    localparam [STEP_W-1:0] STEPS = B_W[STEP_W-1:0];

    reg [STEP_W-1:0]     left_q = {STEP_W{1'b0}};
    reg signed [A_W-1:0] high_q;
    reg [B_W-1:0]        low_q;

    wire last         = (left_q == {{(STEP_W-1){1'b0}}, 1'b1});
    wire next_to_last = (left_q == {{(STEP_W-2){1'b0}}, 2'd2});
    wire busy         = (left_q != {STEP_W{1'b0}});

    // The partial sum grows by i_a where the bit of i_b is set. The top bit of i_b has a negative
    // weight: for it a_q has been complemented, and the carry in completes the negation.
    wire signed [A_W:0] plus = {high_q[A_W-1], high_q} + {a_q[A_W-1], a_q}
                               + {{A_W{1'b0}}, last};
    wire signed [A_W:0] next = low_q[0] ? plus : {high_q[A_W-1], high_q};

    // left_q: bits of i_b still to do; zero after configuration
    always @(posedge i_clk)
      if (i_beat)    left_q <= STEPS;
      else if (busy) left_q <= left_q - {{(STEP_W-1){1'b0}}, 1'b1};

    // a_q: the operand, complemented for the last bit; needs no reset
    always @(posedge i_clk)
      if (i_beat)      a_q <= i_a;
      else if (next_to_last) a_q <= ~a_q;

    // high_q: upper part of the partial sum; needs no reset
    always @(posedge i_clk)
      if (i_beat)    high_q <= {A_W{1'b0}};
      else if (busy) high_q <= next[A_W:1];

    // low_q: bits of i_b still to do, lower part of the sum from the left; needs no reset
    always @(posedge i_clk)
      if (i_beat)    low_q <= i_b;
      else if (busy) low_q <= {next[0], low_q[B_W-1:1]};

    // product_q: the sum of the previous beat; needs no reset
    always @(posedge i_clk) if (i_beat) product_q <= {high_q, low_q};
  end endgenerate

`ifdef FORMAL
  reg                      f_started_q  = 1'b0;  // a beat has been
  reg                      f_started_q2 = 1'b0;  // two beats have been
  reg signed [A_W-1:0]     f_a_q, f_a_q2;
  reg signed [B_W-1:0]     f_b_q, f_b_q2;
  wire signed [A_W+B_W-1:0] f_product = f_a_q2 * f_b_q2;
  always @(posedge i_clk) if (i_beat) {f_started_q2, f_started_q} <= {f_started_q, 1'b1};
  always @(posedge i_clk) if (i_beat) {f_a_q2, f_a_q} <= {f_a_q, i_a};
  always @(posedge i_clk) if (i_beat) {f_b_q2, f_b_q} <= {f_b_q, i_b};

  // Rule 1: between beat b+1 and beat b+2 the output is the product of beat b.
  always @(*) if (f_started_q2) assert (o_product == f_product);

  generate if (SERIAL != 0) begin : gen_formal
    // The caller leaves enough time.
    always @(*) if (gen_serial.busy) assume (!i_beat);

    // Rule 2, the invariant: the sum so far is i_a times the bits done, the rest is untouched.
    wire [5:0] f_left = gen_serial.left_q;
    wire signed [B_W:0]     f_done_mask = f_left == 0 ? -1 : (1 << (B_W - f_left)) - 1;
    wire signed [B_W:0]     f_done      = {f_b_q[B_W-1], f_b_q} & f_done_mask;
    wire signed [A_W+B_W:0] f_part      = f_a_q * f_done;
    wire signed [A_W+B_W-1:0] f_sum     = {gen_serial.high_q, gen_serial.low_q};
    always @(*) if (f_started_q) begin
      assert (f_left <= B_W);
      assert ((f_sum >>> f_left) == f_part);
      assert (a_q == (f_left < 2 ? ~f_a_q : f_a_q));
      if (f_left != 0)
        assert (((gen_serial.low_q ^ (f_b_q >> (B_W - f_left))) & ((1 << f_left) - 1)) == 0);
    end
    always @(*) if (!f_started_q) assert (f_left == 0);
  end endgenerate
`endif

endmodule

`default_nettype wire
