// ht_act.v: sigmoid or tanh of a stream of values on beats, by one table
//
// A beat is a clock with i_beat high. i_z is taken at beat b, o_y is to be taken at beat b+5; one
// value per beat. sigmoid: base + slope * fraction from 256 segments of 1/16 on |z|, mirrored for z
// < 0. tanh(z) = 2 sigmoid(2z) - 1 on the same table. The exact rule is docs/numerics.md, its twin
// arith/activation.rs. The table is ht_sigmoid.hex; its last segment is flat, which the limit
// relies on. HARD = 1: another table, ht_hard_sigmoid.hex, in place of the sigmoid, not of tanh.
// SERIAL = 1 takes no DSP block and needs 9 clocks from beat to beat.
//
// Static library module of htgen: not generated, safe to read and edit.
// SPDX-License-Identifier: MIT OR Apache-2.0
`default_nettype none

module ht_act #(
  parameter TABLE_FILE = "ht_sigmoid.hex", // 256 words {slope[9:0], base[13:0]}
  parameter HARD_FILE  = "ht_hard_sigmoid.hex", // likewise
  parameter HARD       = 0,                // 1: hard sigmoid
  parameter SERIAL     = 0                 // multiplier: 0 DSP block, 1 shift and add
) (
  input  wire               i_clk,
  input  wire               i_beat,

  input  wire signed [15:0] i_z,     // 11 fraction bits; taken at beat b
  input  wire               i_tanh,  // 0 sigmoid, 1 tanh
  output wire signed [15:0] o_y      // 15 fraction bits; to be taken at beat b+5
);

  // The function travels with the value: bit 0 is the youngest.
  reg [4:0] tanh_q;

  // Beat b: the argument of the sigmoid. 2z beyond 16 bits lies in the last segment.
  reg [15:0] z_q;
  reg        beyond_q;

  // z_q: z or 2z, with the sign of z; needs no reset
  always @(posedge i_clk)
    if (i_beat) z_q <= {i_z[15], i_tanh ? {i_z[13:0], 1'b0} : i_z[14:0]};

  // beyond_q: 2z does not fit 16 bits; needs no reset
  always @(posedge i_clk)
    if (i_beat) beyond_q <= i_tanh && (i_z[15] != i_z[14]);

  // Beat b+1: magnitude, as the complement of (z - 1); segment and fraction.
  wire        negative  = z_q[15];
  wire [15:0] magnitude = (z_q + {16{negative}}) ^ {16{negative}};
  wire [7:0]  segment   = magnitude[14:7] | {8{magnitude[15] || beyond_q}};
  reg  [6:0]  fraction_q;

  // fraction_q: position in the segment, aligned with the table's output; needs no reset
  always @(posedge i_clk) if (i_beat) fraction_q <= magnitude[6:0];

  wire [23:0] smooth;
  wire [23:0] word;
  wire [13:0] base  = word[13:0];   // sigmoid at the segment's start, minus one half
  wire [9:0]  slope = word[23:14];  // rise over the segment

  ht_rom #(
    .FILE  (TABLE_FILE),
    .WIDTH (24),
    .DEPTH (256)
  ) u_table (
    .i_clk  (i_clk),
    .i_re   (i_beat),
    .i_addr (segment),
    .o_data (smooth)
  );

  generate if (HARD != 0) begin : gen_hard
    wire [23:0] hard;
    ht_rom #(
      .FILE  (HARD_FILE),
      .WIDTH (24),
      .DEPTH (256)
    ) u_hard (
      .i_clk  (i_clk),
      .i_re   (i_beat),
      .i_addr (segment),
      .o_data (hard)
    );
    assign word = tanh_q[1] ? smooth : hard;
  end else begin : gen_smooth
    assign word = smooth;
  end endgenerate

  // Beats b+2 to b+4: slope times fraction, with the base alongside.
  wire signed [18:0] product;
  reg         [13:0] base_q;
  reg         [13:0] base_q2;

  ht_mul #(
    .A_W    (11),
    .B_W    (8),
    .SERIAL (SERIAL)
  ) u_mul (
    .i_clk     (i_clk),
    .i_beat    (i_beat),
    .i_a       ({1'b0, slope}),
    .i_b       ({1'b0, fraction_q}),
    .o_product (product)
  );

  // base_q: base of beat b+2; needs no reset
  always @(posedge i_clk) if (i_beat) base_q <= base;

  // base_q2: base aligned with the product; needs no reset
  always @(posedge i_clk) if (i_beat) base_q2 <= base_q;

  // Beat b+4: sigmoid of the magnitude minus one half, 15 fraction bits.
  wire signed [15:0] above_half;
  reg         [14:0] above_half_q;

  ht_round #(
    .IN_W  (19),
    .SHIFT (7),
    .ADD_W (15),
    .OUT_W (16)
  ) u_interpolate (
    .i_data (product),
    .i_add  ({1'b0, base_q2}),
    .o_data (above_half)
  );

  // above_half_q: 0 .. 2^14 - 1; needs no reset
  always @(posedge i_clk) if (i_beat) above_half_q <= above_half[14:0];

  // The sign travels with the value: bit 0 is the youngest.
  reg [3:0] negative_q;

  // negative_q: sign of z at beats b+1 .. b+4; needs no reset
  always @(posedge i_clk) if (i_beat) negative_q <= {negative_q[2:0], negative};

  // tanh_q: i_tanh at beats b .. b+4; needs no reset
  always @(posedge i_clk) if (i_beat) tanh_q <= {tanh_q[3:0], i_tanh};

  // After beat b+4: the mirrored value, then sigmoid = one half + it, tanh = twice it.
  wire        mirror = negative_q[3];
  wire [14:0] odd    = (above_half_q + {15{mirror}}) ^ {15{mirror}};
  assign o_y = tanh_q[4] ? {odd, 1'b0} : {1'b0, !odd[14], odd[13:0]};

  wire unused = above_half[15];

`ifdef FORMAL
  reg [2:0] f_beats_q = 3'd0;  // beats since the start, up to 5
  always @(posedge i_clk) if (i_beat && f_beats_q != 3'd5) f_beats_q <= f_beats_q + 3'd1;

  // The request, in its own pipeline: bit 0 is the youngest.
  reg [4:0] f_negative_q;
  reg [4:0] f_tanh_q;
  always @(posedge i_clk) if (i_beat) f_negative_q <= {f_negative_q[3:0], i_z[15]};
  always @(posedge i_clk) if (i_beat) f_tanh_q <= {f_tanh_q[3:0], i_tanh};
  wire f_negative = f_negative_q[4];
  wire f_tanh     = f_tanh_q[4];

  // The invariant: sign and function travel with the value.
  wire [4:0] f_known = ~(5'b11111 << f_beats_q);
  always @(*) assert ((({negative_q, z_q[15]} ^ f_negative_q) & f_known) == 5'd0);
  always @(*) assert (((tanh_q ^ f_tanh_q) & f_known) == 5'd0);

  // The table's words, whatever they are, stay below one.
  always @(*) assume (base + slope <= 16383);
  always @(*) if (f_beats_q == 3'd5) begin
    // Rule 1: a sigmoid lies in 1 .. 32767, on the side of one half that the sign gives.
    if (!f_tanh) assert (o_y >= 16'sd1);
    if (!f_tanh && !f_negative) assert (o_y >= 16'sd16384);
    if (!f_tanh && f_negative)  assert (o_y <= 16'sd16384);
    // Rule 2: a tanh has the sign of its argument and never reaches one.
    if (f_tanh && !f_negative) assert (o_y >= 16'sd0 && o_y <= 16'sd32766);
    if (f_tanh && f_negative)  assert (o_y <= 16'sd0 && o_y >= -16'sd32766);
  end
`endif

endmodule

`default_nettype wire
