// ht_cells.v: gate buffer and element-wise units
//
// The last contraction step fills the gate buffer; tables list in which order the units' gates are
// complete, where they are, and where h goes. A unit begins when enough groups of gates have
// arrived. CELLS units run in lock step; their h are written one after another. Where a layer adds
// up two products, each has a gate buffer of its own; the groups that count are those of the
// product that completes the gates. Several layers follow each other in the tables, and each is a
// run of its own.
//
// Static library module of htgen: not generated, safe to read and edit.
// SPDX-License-Identifier: MIT OR Apache-2.0
`default_nettype none

module ht_cells #(
  // Tables, CELLS images each: {last, need, {use, word} .., bias} by unit and gate; {last, to
  // input, input word, hidden word} by unit. Names without digit and ending.
  parameter GATE_FILE   = "",
  parameter HIDDEN_FILE = "",
  parameter SIGMOID_FILE = "ht_sigmoid.hex",
  parameter HARD_FILE   = "ht_hard_sigmoid.hex",
  parameter LANES       = 4,     // lanes, a power of two
  parameter DRAINS      = 1,     // gates written at once, a power of two
  parameter CELLS       = 1,     // element-wise units, a power of two up to DRAINS
  parameter ROWS        = 2,     // units that each of them processes, >= 2
  parameter GROUPS      = 2,     // groups of LANES gates
  parameter NEED_W      = 4,     // bits of a group count
  parameter OUT_AW      = 8,     // group address, bits
  parameter ACT_AW      = 12,    // word of the input buffer, bits
  parameter SLOT_W      = 8,     // word of the hidden buffer, bits
  parameter ACT_W       = 12,    // h, bits
  parameter C_FRAC      = 11,    // fraction bits of c
  parameter H_FRAC      = 11,    // fraction bits of h
  parameter GATE_SHIFT  = 0,     // left shift that takes gates and biases to 11 fraction bits
  parameter SERIAL      = 0,     // 1: no DSP blocks, 17 clocks per beat
  parameter PARTS       = 1,     // gate buffers, 1 or 2
  parameter MASKED      = 0,     // 1: table words have the bits "use", one a part
  parameter LAYERED     = 0,     // 1: they have the bits "last", of the last unit of a layer
  parameter GRU         = 0,     // 1: gated recurrent units, 0: LSTM
  parameter HARD        = 0,     // 1: hard sigmoid
  parameter DRAIN_W     = (LANES <= DRAINS) ? 1 : $clog2(LANES / DRAINS)  // derived, do not set
) (
  input  wire                 i_clk,
  input  wire                 i_rst,        // synchronous, active high

  // gates: results of the last contraction step
  input  wire                 i_gate_we,    // ... of the part that completes the gates
  input  wire                 i_early_we,   // ... of the part before it
  input  wire                 i_gate_last,  // the last drain of a group
  input  wire [OUT_AW-1:0]    i_group,
  input  wire [DRAIN_W-1:0]   i_drain,
  input  wire [DRAINS*16-1:0] i_gates,

  // control
  input  wire                 i_start,      // a layer's gates are about to come
  input  wire                 i_first,      // with i_start: the state is zero
  output wire                 o_done,       // every h of the layer is written
  output wire                 o_all_done,   // with o_done: it was the top layer

  // h
  output wire                 o_h_we,
  output wire                 o_h_input,    // it also goes to the input buffer
  output wire [ACT_AW-1:0]    o_h_addr,     // ... to this word
  output wire [SLOT_W-1:0]    o_h_slot,     // word of the hidden buffer
  output wire [ACT_W-1:0]     o_h_data
);

  generate
    if (LANES < DRAINS || DRAINS < CELLS || CELLS < 1 || CELLS > 8
        || (LANES & (LANES - 1)) != 0 || (DRAINS & (DRAINS - 1)) != 0
        || (CELLS & (CELLS - 1)) != 0) begin : gen_bounds_powers
      ht_error_cells_must_be_a_power_of_two_up_to_drains_and_8 u_error ();
    end
    if (ROWS < 2 || GROUPS < 1) begin : gen_bounds_rows
      ht_error_cells_rows_or_groups_too_few u_error ();
    end
    if (PARTS < 1 || PARTS > 2) begin : gen_bounds_parts
      ht_error_cells_parts_must_be_1_or_2 u_error ();
    end
  endgenerate

  localparam SPREAD = DRAINS / CELLS;                        // gate memories of one unit
  localparam COUNT  = LANES / DRAINS;                        // drains of a group
  localparam DEPTH  = (GROUPS * COUNT < 2) ? 2 : GROUPS * COUNT;
  localparam ADDR_W = $clog2(DEPTH);
  localparam FULL_W = OUT_AW + DRAIN_W + 1;
  localparam BANK_W = $clog2(SPREAD);
  localparam WORD_W = ADDR_W + BANK_W;                       // gate word of one unit
  localparam ROW_W  = $clog2(ROWS);
  localparam USE_W  = (MASKED != 0) ? 1 : 0;
  localparam LAST_W = (LAYERED != 0) ? 1 : 0;
  localparam PART_W = WORD_W + USE_W;                        // a part's bits of a table word
  localparam SUM_W  = 15 + PARTS;                            // sum of the parts' gates
  localparam GATE_W = LAST_W + NEED_W + PARTS * PART_W + 16;
  localparam HID_W  = LAST_W + 1 + ACT_AW + SLOT_W;
  localparam CELL_W = (CELLS < 2) ? 1 : $clog2(CELLS);
  localparam CLOCKS = (SERIAL != 0) ? 17 : 1;                // clocks of a beat
  localparam [31:0]      FINAL_32  = ROWS - 1;
  localparam [ROW_W-1:0] FINAL_ROW = FINAL_32[ROW_W-1:0];

  // Beats.
  wire beat;
  generate if (CLOCKS == 1) begin : gen_every_clock
    assign beat = 1'b1;
  end else begin : gen_beats
    localparam [4:0] FINAL = CLOCKS - 1;
    reg [4:0] clock_q;
    assign beat = (clock_q == FINAL);

    // clock_q: position in the beat
    always @(posedge i_clk)
      if (i_rst || beat) clock_q <= 5'd0;
      else               clock_q <= clock_q + 5'd1;
  end endgenerate

  // Number of groups that have arrived.
  reg [NEED_W-1:0] groups_q;
  always @(posedge i_clk)  // groups_q: since the start of the time step
    if (i_rst || i_start)              groups_q <= {NEED_W{1'b0}};
    else if (i_gate_we && i_gate_last) groups_q <= groups_q + {{(NEED_W-1){1'b0}}, 1'b1};

  reg first_q;
  always @(posedge i_clk)  // first_q: the time step starts a sequence; needs no reset
    if (i_start) first_q <= i_first;

  // Stage A: the table's address. Stage B: its word, and the gate's address. Stage C: the gates
  // that were read. Stage D: the one that counts.
  reg [2:0]       phase_q;    // stage A: 0 i, 1 f, 2 g, 3 o, 4 none
  reg [2:0]       phase_q2;   // stage B
  reg [2:0]       phase_q3;   // stage C
  reg [2:0]       phase_q4;   // stage D
  reg [ROW_W-1:0] row_q;      // next unit to begin
  reg [ROW_W-1:0] row_q3;     // the unit in stage C
  reg [ROW_W-1:0] row_q4;     // the unit in stage D
  reg             open_q;     // units are left to begin
  reg             taken_q;    // stage B: a unit is in progress
  reg             begin_q3;   // stage C: a unit begins
  reg             begin_q4;   // stage D: a unit begins
  wire [GATE_W-1:0] entry;    // stage B, first unit's table
  reg  [NEED_W-1:0] need_q;   // groups that the next unit needs
  wire unused_entry = &{1'b0, entry[16+PARTS*PART_W-1:0]};
  wire at_begin = (phase_q2 == 3'd0);
  wire take     = at_begin && open_q && (groups_q >= need_q);

  // phase_q: free running
  always @(posedge i_clk)
    if (i_rst)     phase_q <= 3'd4;
    else if (beat) phase_q <= (phase_q == 3'd4) ? 3'd0 : phase_q + 3'd1;

  // phase_q2: one beat later
  always @(posedge i_clk)
    if (i_rst)     phase_q2 <= 3'd3;
    else if (beat) phase_q2 <= phase_q;

  // phase_q3: one beat later still
  always @(posedge i_clk)
    if (i_rst)     phase_q3 <= 3'd2;
    else if (beat) phase_q3 <= phase_q2;

  // phase_q4: and one more
  always @(posedge i_clk)
    if (i_rst)     phase_q4 <= 3'd1;
    else if (beat) phase_q4 <= phase_q3;

  // need_q: the word before a unit's first is the same word; needs no reset
  always @(posedge i_clk)
    if (beat && phase_q2 == 3'd4) need_q <= entry[16+PARTS*PART_W +: NEED_W];

  // open_q: from the start of a layer until its last unit has begun
  wire advance = (phase_q == 3'd3) && taken_q;
  wire ends_layer = (LAYERED != 0) ? entry[GATE_W-1] : (row_q == FINAL_ROW);
  always @(posedge i_clk)
    if (i_rst)                              open_q <= 1'b0;
    else if (i_start)                       open_q <= 1'b1;
    else if (beat && advance && ends_layer) open_q <= 1'b0;

  // taken_q: the unit in stage B is in progress
  always @(posedge i_clk)
    if (i_rst)                 taken_q <= 1'b0;
    else if (beat && at_begin) taken_q <= take;

  // row_q: counts up after the address of every unit's last gate
  always @(posedge i_clk)
    if (i_rst)                row_q <= {ROW_W{1'b0}};
    else if (beat && advance) row_q <= (row_q == FINAL_ROW) ? {ROW_W{1'b0}}
                                                            : row_q + {{(ROW_W-1){1'b0}}, 1'b1};

  // row_q3: needs no reset
  always @(posedge i_clk) if (beat && at_begin) row_q3 <= row_q;

  // row_q4: needs no reset
  always @(posedge i_clk) if (beat) row_q4 <= row_q3;

  // begin_q3: a unit begins
  always @(posedge i_clk)
    if (i_rst)     begin_q3 <= 1'b0;
    else if (beat) begin_q3 <= take;

  // begin_q4: one beat later
  always @(posedge i_clk)
    if (i_rst)     begin_q4 <= 1'b0;
    else if (beat) begin_q4 <= begin_q3;

  // The address of a gate being written.
  wire [FULL_W-1:0] waddr_full;
  wire [ADDR_W-1:0] waddr;
  generate if (COUNT > 1) begin : gen_waddr
    assign waddr_full = {1'b0, i_group, i_drain};
  end else begin : gen_waddr_group
    assign waddr_full = {{(DRAIN_W+1){1'b0}}, i_group};
    wire unused_drain = &{1'b0, i_drain};
  end endgenerate
  ht_resize #(.IN_W (FULL_W), .OUT_W (ADDR_W)) u_waddr (.i_data (waddr_full), .o_data (waddr));

  // h on its way out: all units at once, then one per clock.
  reg  [ROW_W-1:0]       out_row_q;
  reg  [CELLS-1:0]       waiting_q;
  wire [CELLS-1:0]       h_valid;
  wire [CELLS*ACT_W-1:0] h;
  reg  [CELLS*ACT_W-1:0] h_q;
  wire [CELLS*HID_W-1:0] places;
  wire                   writing   = |waiting_q;
  wire                   row_done  = writing && ((waiting_q & (waiting_q - 1'b1)) == 0);
  wire                   last_row  = (out_row_q == FINAL_ROW);
  wire unused_valid = &{1'b0, h_valid};

  // out_row_q: the unit whose h comes next
  always @(posedge i_clk)
    if (i_rst)         out_row_q <= {ROW_W{1'b0}};
    else if (row_done) out_row_q <= last_row ? {ROW_W{1'b0}}
                                             : out_row_q + {{(ROW_W-1){1'b0}}, 1'b1};

  // waiting_q: whose h is still to be written, the lowest first
  always @(posedge i_clk)
    if (i_rst)           waiting_q <= {CELLS{1'b0}};
    else if (h_valid[0]) waiting_q <= {CELLS{1'b1}};
    else                 waiting_q <= waiting_q & (waiting_q - 1'b1);

  // h_q: needs no reset
  always @(posedge i_clk) if (h_valid[0]) h_q <= h;

  reg [CELL_W-1:0] turn;
  integer k;
  always @(*) begin
    turn = {CELL_W{1'b0}};
    for (k = CELLS - 1; k >= 0; k = k - 1)
      if (waiting_q[k]) turn = k[CELL_W-1:0];
  end
  wire [HID_W-1:0] place;
  ht_pick #(.COUNT (CELLS), .WIDTH (HID_W)) u_place (
    .i_idx  (turn),
    .i_data (places),
    .o_data (place)
  );
  ht_pick #(.COUNT (CELLS), .WIDTH (ACT_W)) u_h (
    .i_idx  (turn),
    .i_data (h_q),
    .o_data (o_h_data)
  );

  // Not in reset: the input buffer has words that must stay zero after configuration.
  assign o_h_we    = writing && !i_rst;
  assign o_h_input = o_h_we && place[SLOT_W+ACT_AW];
  assign o_h_addr  = place[SLOT_W +: ACT_AW];
  assign o_h_slot  = place[0 +: SLOT_W];
  assign o_done     = row_done && ((LAYERED != 0) ? place[HID_W-1] : last_row);
  assign o_all_done = row_done && last_row;

  genvar c, b, p;
  generate for (c = 0; c < CELLS; c = c + 1) begin : gen_cell
    // Images are named by the unit's digit: X0.hex, X1.hex ...
    localparam [7:0] DIGIT = 8'd48 + c;
    wire [GATE_W-1:0] own;
    reg  [15:0]       bias_q3;
    reg  [15:0]       bias_q4;
    reg  [SUM_W-1:0]  gate_q4;
    if (c == 0) begin : gen_lead
      assign entry = own;
    end else begin : gen_follow
      wire unused_need = &{1'b0, own[GATE_W-1 -: LAST_W+NEED_W]};
    end

    ht_rom #(
      .FILE  ((GATE_FILE == "") ? "" : {GATE_FILE, DIGIT, ".hex"}),
      .WIDTH (GATE_W),
      .DEPTH (4 * ROWS)
    ) u_gate_table (
      .i_clk  (i_clk),
      .i_re   (beat),
      .i_addr ({row_q, phase_q[1:0]}),
      .o_data (own)
    );

    // bias_q3: aligned with the gate; needs no reset
    always @(posedge i_clk) if (beat) bias_q3 <= own[15:0];

    // bias_q4: aligned with the gate; needs no reset
    always @(posedge i_clk) if (beat) bias_q4 <= bias_q3;

    // Each part's gate at stage C; zero where it does not contribute to the sum.
    wire [PARTS*16-1:0] gates;
    for (p = 0; p < PARTS; p = p + 1) begin : gen_part
      wire [WORD_W-1:0]    word  = own[16+p*PART_W +: WORD_W];
      wire [ADDR_W-1:0]    raddr = word[BANK_W +: ADDR_W];
      wire [SPREAD*16-1:0] words;
      for (b = 0; b < SPREAD; b = b + 1) begin : gen_bank
        ht_ram #(
          .WIDTH (16),
          .DEPTH (DEPTH)
        ) u_gates (
          .i_clk   (i_clk),
          .i_we    ((p == 0) ? i_gate_we : i_early_we),
          .i_waddr (waddr),
          .i_wdata (i_gates[(b*CELLS+c)*16 +: 16]),
          .i_re    (beat),
          .i_raddr (raddr),
          .o_rdata (words[b*16 +: 16])
        );
      end

      wire [15:0] gate;
      if (SPREAD > 1) begin : gen_pick
        reg [BANK_W-1:0] bank_q3;
        // bank_q3: the memory that was read; needs no reset
        always @(posedge i_clk) if (beat) bank_q3 <= word[BANK_W-1:0];
        ht_pick #(.COUNT (SPREAD), .WIDTH (16)) u_gate (
          .i_idx  (bank_q3),
          .i_data (words),
          .o_data (gate)
        );
      end else begin : gen_only
        assign gate = words;
      end

      if (MASKED != 0) begin : gen_masked
        reg use_q3;
        // use_q3: the part contributes; needs no reset
        always @(posedge i_clk) if (beat) use_q3 <= own[16+p*PART_W+WORD_W];
        assign gates[p*16 +: 16] = gate & {16{use_q3}};
      end else begin : gen_always
        assign gates[p*16 +: 16] = gate;
      end
    end

    // The sum of the parts, exact; z with the bias, at 11 fraction bits.
    wire signed [SUM_W-1:0] gate_sum;
    wire signed [SUM_W:0]   biased;
    wire signed [15:0]      z;
    if (PARTS == 2) begin : gen_sum
      ht_round #(
        .IN_W  (16),
        .SHIFT (0),
        .ADD_W (16),
        .OUT_W (SUM_W)
      ) u_sum (
        .i_data (gates[0 +: 16]),
        .i_add  (gates[PARTS*16-1 -: 16]),
        .o_data (gate_sum)
      );
    end else begin : gen_alone
      assign gate_sum = gates;
      wire unused_early = &{1'b0, i_early_we};
    end

    // gate_q4: needs no reset
    always @(posedge i_clk) if (beat) gate_q4 <= gate_sum;

    ht_round #(
      .IN_W  (SUM_W),
      .SHIFT (0),
      .ADD_W (16),
      .OUT_W (SUM_W + 1)
    ) u_bias (
      .i_data (gate_q4),
      .i_add  (bias_q4),
      .o_data (biased)
    );

    ht_convert #(
      .IN_W       (SUM_W + 1),
      .IN_SIGNED  (1),
      .SHIFT_LEFT (GATE_SHIFT),
      .OUT_W      (16)
    ) u_z (
      .i_data (biased),
      .o_data (z)
    );

    wire [ROW_W-1:0] unused_unit;
    if (GRU != 0) begin : gen_gru
      ht_cell_gru #(
        .UNITS      (ROWS),
        .ACT_W      (ACT_W),
        .C_FRAC     (C_FRAC),
        .H_FRAC     (H_FRAC),
        .SERIAL     (SERIAL),
        .HARD       (HARD),
        .TABLE_FILE (SIGMOID_FILE),
        .HARD_FILE  (HARD_FILE)
      ) u_cell (
        .i_clk     (i_clk),
        .i_rst     (i_rst),
        .i_beat    (beat),
        .i_phase   (phase_q4),
        .i_valid   (begin_q4),
        .i_first   (first_q),
        .i_unit    (row_q4),
        .i_z       (z),
        .o_h_valid (h_valid[c]),
        .o_h_unit  (unused_unit),
        .o_h       (h[c*ACT_W +: ACT_W])
      );
    end else begin : gen_lstm
      ht_cell #(
        .UNITS      (ROWS),
        .ACT_W      (ACT_W),
        .C_FRAC     (C_FRAC),
        .H_FRAC     (H_FRAC),
        .SERIAL     (SERIAL),
        .HARD       (HARD),
        .TABLE_FILE (SIGMOID_FILE),
        .HARD_FILE  (HARD_FILE)
      ) u_cell (
        .i_clk     (i_clk),
        .i_rst     (i_rst),
        .i_beat    (beat),
        .i_phase   (phase_q4),
        .i_valid   (begin_q4),
        .i_first   (first_q),
        .i_unit    (row_q4),
        .i_z       (z),
        .o_h_valid (h_valid[c]),
        .o_h_unit  (unused_unit),
        .o_h       (h[c*ACT_W +: ACT_W])
      );
    end

    ht_rom #(
      .FILE  ((HIDDEN_FILE == "") ? "" : {HIDDEN_FILE, DIGIT, ".hex"}),
      .WIDTH (HID_W),
      .DEPTH (ROWS)
    ) u_hidden_table (
      .i_clk  (i_clk),
      .i_re   (1'b1),
      .i_addr (out_row_q),
      .o_data (places[c*HID_W +: HID_W])
    );
  end endgenerate

endmodule

`default_nettype wire
