// ht_cell_gru.v: the element-wise part of a GRU step, one hidden unit every five beats
//
// The beats, phases and ports of ht_cell. Phases 0 to 3 bring the sums of r, of z, of
// the candidate's product with h, and of its product with x. The state is h with C_FRAC
// fraction bits.
//   n = tanh(sat16(x + round(r h))), state = sat16(round(z state) + round((1 - z) n)),
//   h = state in its own format, where 1 - z is the complement of z: docs/numerics.md
//
// Static library module of htgen: not generated, safe to read and edit.
// SPDX-License-Identifier: MIT OR Apache-2.0
`default_nettype none

module ht_cell_gru #(
  parameter UNITS      = 64,               // hidden units, >= 2: words of state
  parameter ACT_W      = 12,               // width of h, bits, 4..16
  parameter C_FRAC     = 11,               // fraction bits of the state, 8..15
  parameter H_FRAC     = 11,               // fraction bits of h, 0..15
  parameter SERIAL     = 0,                // multipliers: 0 DSP blocks, 1 shift and add
  parameter HARD       = 0,                // 1: hard sigmoid for r and z
  parameter TABLE_FILE = "ht_sigmoid.hex", // the sigmoid, see ht_act
  parameter HARD_FILE  = "ht_hard_sigmoid.hex",
  parameter UNIT_W     = (UNITS < 2) ? 1 : $clog2(UNITS) // derived, do not set
) (
  input  wire                    i_clk,
  input  wire                    i_rst,      // synchronous, active high
  input  wire                    i_beat,

  // z: gate sums, taken on beats
  input  wire [2:0]              i_phase,    // 0 r, 1 z, 2 candidate of h, 3 of x, 4 none
  input  wire                    i_valid,    // at phase 0: a unit begins
  input  wire                    i_first,    // at phase 0: the previous state is zero
  input  wire [UNIT_W-1:0]       i_unit,     // at phase 0: which one, < UNITS
  input  wire signed [15:0]      i_z,        // 11 fraction bits

  // h: hidden state
  output wire                    o_h_valid,  // one clock
  output wire [UNIT_W-1:0]       o_h_unit,
  output wire signed [ACT_W-1:0] o_h         // H_FRAC fraction bits
);

  generate
    if (UNITS < 2) begin : gen_bounds_units
      ht_error_cell_gru_units_must_be_at_least_2 u_error ();
    end
    if (ACT_W < 4 || ACT_W > 16) begin : gen_bounds_act
      ht_error_cell_gru_act_w_must_be_4_to_16 u_error ();
    end
    if (C_FRAC < 8 || C_FRAC > 15) begin : gen_bounds_c
      ht_error_cell_gru_c_frac_must_be_8_to_15 u_error ();
    end
    if (H_FRAC < 0 || H_FRAC > 15) begin : gen_bounds_h
      ht_error_cell_gru_h_frac_must_be_0_to_15 u_error ();
    end
  endgenerate

  // Beat numbers in the comments count from the unit's phase 0.
  wire at_0 = i_beat && i_phase == 3'd0;
  wire at_1 = i_beat && i_phase == 3'd1;
  wire at_2 = i_beat && i_phase == 3'd2;
  wire at_3 = i_beat && i_phase == 3'd3;

  // The units in progress, one place for each five beats: bit 0 and the low bits are the youngest,
  // complete after beats 0, 5, 10 and 15.
  reg [3:0]          valid_q;
  reg [1:0]          first_q;
  reg [4*UNIT_W-1:0] unit_q;
  wire [UNIT_W-1:0]  unit_read  = unit_q[0        +: UNIT_W];
  wire [UNIT_W-1:0]  unit_write = unit_q[3*UNIT_W +: UNIT_W];

  // valid_q: the place holds a unit
  always @(posedge i_clk)
    if (i_rst)     valid_q <= 4'd0;
    else if (at_0) valid_q <= {valid_q[2:0], i_valid};

  // first_q: its previous state is zero; needs no reset
  always @(posedge i_clk) if (at_0) first_q <= {first_q[0], i_first};

  // unit_q: its number; needs no reset
  always @(posedge i_clk) if (at_0) unit_q <= {unit_q[3*UNIT_W-1:0], i_unit};

  // Activations. Beats 0 and 1 take r and z, and give them at beats 5 and 6; beat 9 takes the
  // candidate's sum, and gives its tanh at beat 14.
  wire signed [15:0] y;          // 15 fraction bits
  reg  signed [15:0] of_h_q;
  reg  signed [15:0] of_x_q;
  reg  signed [15:0] candidate_q;

  // of_h_q: the candidate's product with h from beat 2 to beat 6; needs no reset
  always @(posedge i_clk) if (at_2) of_h_q <= i_z;

  // of_x_q: its product with x from beat 3 to beat 7; needs no reset
  always @(posedge i_clk) if (at_3) of_x_q <= i_z;

  ht_act #(
    .TABLE_FILE (TABLE_FILE),
    .HARD_FILE  (HARD_FILE),
    .HARD       (HARD),
    .SERIAL     (SERIAL)
  ) u_act (
    .i_clk  (i_clk),
    .i_beat (i_beat),
    .i_z    ((i_phase == 3'd4) ? candidate_q : i_z),
    .i_tanh (i_phase == 3'd4),
    .o_y    (y)
  );

  // Products. One factor is the activation of this beat: r at beat 5, z at 6, n at 14. The other
  // is the candidate's product with h at beat 5, the state at 6, 1 - z at 14. They are taken two
  // beats later.
  reg  signed [14:0] rest_q;
  reg  signed [14:0] rest_q2;
  wire signed [15:0] state_old;
  reg  signed [15:0] factor;
  wire signed [31:0] product;

  always @(*)
    case (i_phase)
      3'd0:    factor = of_h_q;
      3'd1:    factor = first_q[1] ? 16'sd0 : state_old;
      default: factor = {1'b0, rest_q2};
    endcase

  // rest_q: 1 - z from beat 6 to beat 10; needs no reset
  always @(posedge i_clk) if (at_1) rest_q <= ~y[14:0];

  // rest_q2: 1 - z from beat 11 to beat 15; needs no reset
  always @(posedge i_clk) if (at_1) rest_q2 <= rest_q;

  ht_mul #(
    .A_W    (16),
    .B_W    (16),
    .SERIAL (SERIAL)
  ) u_mul (
    .i_clk     (i_clk),
    .i_beat    (i_beat),
    .i_a       (y),
    .i_b       (factor),
    .o_product (product)
  );

  // The candidate's sum at beat 7. No product reaches 2^30 in magnitude, so 31 bits are enough.
  wire signed [15:0] candidate;

  ht_round #(
    .IN_W  (31),
    .SHIFT (15),
    .ADD_W (16),
    .OUT_W (16)
  ) u_candidate (
    .i_data (product[30:0]),
    .i_add  (of_x_q),
    .o_data (candidate)
  );

  // candidate_q: until beat 11; needs no reset
  always @(posedge i_clk) if (at_2) candidate_q <= candidate;

  // State: what is kept of the old one at beat 8, the sum at beat 16.
  wire signed [16:0] kept;
  reg  signed [15:0] kept_q;
  reg  signed [15:0] kept_q2;
  wire signed [15:0] state_new;

  ht_round #(
    .IN_W  (31),
    .SHIFT (15),
    .ADD_W (1),
    .OUT_W (17)
  ) u_keep (
    .i_data (product[30:0]),
    .i_add  (1'b0),
    .o_data (kept)
  );

  // kept_q: from beat 8 to beat 12; needs no reset
  always @(posedge i_clk) if (at_3) kept_q <= kept[15:0];

  // kept_q2: from beat 13 to beat 17; needs no reset
  always @(posedge i_clk) if (at_3) kept_q2 <= kept_q;

  ht_round #(
    .IN_W  (31),
    .SHIFT (30 - C_FRAC),
    .ADD_W (16),
    .OUT_W (16)
  ) u_state (
    .i_data (product[30:0]),
    .i_add  (kept_q2),
    .o_data (state_new)
  );

  // Read at beat 5, written at beat 16: never in the same clock.
  wire state_re = at_0;
  wire state_we = at_1 && valid_q[3];

  ht_ram #(
    .WIDTH (16),
    .DEPTH (UNITS)
  ) u_state_ram (
    .i_clk   (i_clk),
    .i_we    (state_we),
    .i_waddr (unit_write),
    .i_wdata (state_new),
    .i_re    (state_re),
    .i_raddr (unit_read),
    .o_rdata (state_old)
  );

  // Hidden state at beat 16.
  wire signed [ACT_W-1:0] h;
  reg  signed [ACT_W-1:0] h_q;
  reg                     h_valid_q;

  generate if (C_FRAC >= H_FRAC) begin : gen_hidden_right
    ht_round #(
      .IN_W  (16),
      .SHIFT (C_FRAC - H_FRAC),
      .ADD_W (1),
      .OUT_W (ACT_W)
    ) u_hidden (
      .i_data (state_new),
      .i_add  (1'b0),
      .o_data (h)
    );
  end else begin : gen_hidden_left
    ht_round #(
      .IN_W  (16 + H_FRAC - C_FRAC),
      .SHIFT (0),
      .ADD_W (1),
      .OUT_W (ACT_W)
    ) u_hidden (
      .i_data ({state_new, {(H_FRAC-C_FRAC){1'b0}}}),
      .i_add  (1'b0),
      .o_data (h)
    );
  end endgenerate

  // h_q: the hidden state; needs no reset
  always @(posedge i_clk) if (at_1) h_q <= h;

  // h_valid_q: high for the clock after beat 16
  always @(posedge i_clk)
    if (i_rst) h_valid_q <= 1'b0;
    else       h_valid_q <= at_1 && valid_q[3];

  assign o_h_valid = h_valid_q;
  assign o_h_unit  = unit_q[3*UNIT_W +: UNIT_W];
  assign o_h       = h_q;

  wire unused = &{1'b0, product[31], kept[16], y[15]};

`ifdef FORMAL
  // The caller counts the phases on beats, from 0 after reset.
  reg       f_past_q  = 1'b0;
  reg [2:0] f_phase_q = 3'd0;
  always @(posedge i_clk) f_past_q <= 1'b1;
  always @(posedge i_clk)
    if (i_rst)       f_phase_q <= 3'd0;
    else if (i_beat) f_phase_q <= (f_phase_q == 3'd4) ? 3'd0 : f_phase_q + 3'd1;
  always @(*) if (!f_past_q) assume (i_rst);
  always @(*) assume (i_phase == f_phase_q);

  // f_age_q: beats since one unit, chosen by the solver, began; 31 when it is not in progress.
  (* anyseq *) wire f_choose;
  reg [4:0]        f_age_q = 5'd31;
  reg [UNIT_W-1:0] f_unit_q;
  wire f_begin = at_0 && i_valid && f_choose && f_age_q == 5'd31;
  always @(posedge i_clk)
    if (i_rst)                            f_age_q <= 5'd31;
    else if (f_begin)                     f_age_q <= 5'd0;
    else if (i_beat && f_age_q != 5'd31)  f_age_q <= (f_age_q == 5'd16) ? 5'd31 : f_age_q + 5'd1;
  always @(posedge i_clk) if (f_begin) f_unit_q <= i_unit;

  // The invariant: the unit's place, and the phase, follow from its age.
  wire [4:0] f_place = f_age_q / 5;
  always @(*) if (f_age_q != 5'd31) begin
    assert (f_age_q <= 5'd15 || f_age_q == 5'd16);
    assert (f_phase_q == (f_age_q + 5'd1) % 5);
    assert (valid_q[f_place[1:0]]);
    assert (unit_q[f_place[1:0]*UNIT_W +: UNIT_W] == f_unit_q);
  end

  // Rule 1: the clock after beat 16 brings h of that unit.
  always @(posedge i_clk)
    if (f_past_q && !$past(i_rst) && $past(i_beat && f_age_q == 5'd15))
      assert (o_h_valid && o_h_unit == $past(f_unit_q));

  // Rule 2: it is high for one clock, however slow the beats.
  always @(posedge i_clk)
    if (f_past_q && $past(o_h_valid)) assert (!o_h_valid);

  // Rule 3: the state memory is never read and written in one clock.
  always @(*) assert (!(state_re && state_we));
`endif

endmodule

`default_nettype wire
