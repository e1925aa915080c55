// ht_engine.v: the whole machine between the input stream and the output stream
//
// loader -> input buffer -> lanes -> requantizers -> result buffer (back to the lanes), gate buffer
// -> element-wise units -> h (back to the input buffer) -> head on the same lanes -> output stream.
// Stage numbers count clocks after the sequencer's issue; docs/engine.md draws them.
//
// Static library module of htgen: not generated, safe to read and edit.
// SPDX-License-Identifier: MIT OR Apache-2.0
`default_nettype none

module ht_engine #(
  // images: names of files
  parameter PROGRAM_FILE = "",   // instructions
  parameter NEST_FILE    = "",   // loop nests
  parameter DELTA_FILE   = "",   // address deltas
  parameter WEIGHT_FILE  = "",   // weights, LANES per word
  parameter LOADER_FILE  = "",   // write addresses of the loader, where it has loops
  parameter GATE_FILE    = "",   // gate tables, name without digit and ending
  parameter HIDDEN_FILE  = "",   // hidden tables, likewise
  parameter BIAS_FILE    = "",   // biases of the head; empty for none
  parameter SIGMOID_FILE = "ht_sigmoid.hex",       // sigmoid and tanh
  parameter HARD_FILE    = "ht_hard_sigmoid.hex",  // hard sigmoid
  // sizes
  parameter LANES        = 4,    // multiply-accumulate lanes
  parameter LANES_USED   = {LANES{1'b1}},  // bit l: lane l has weights that are not zero
  parameter DRAINS       = 1,    // requantizers
  parameter BANKS        = 1,    // banks of the result buffer
  parameter BANK_ALWAYS  = 0,    // bank bits that every nest keeps
  parameter BANK_NEVER   = 0,    // bank bits that no nest keeps
  parameter INPUT_BANKS  = 1,    // banks of the input buffer
  parameter CELLS        = 1,    // element-wise units
  parameter ROWS         = 2,    // hidden units that each of them processes
  parameter PROGRAM_LEN  = 2,    // instructions
  parameter NESTS        = 2,    // loop nests
  parameter LOOPS        = 1,    // loops of the longest nest
  parameter COUNT_W      = 8,    // loop counter, bits
  parameter WEIGHT_WORDS = 2,    // words of the weight ROM
  parameter FRAME_WORDS  = 2,    // words of the input buffer, one frame
  parameter FRAMES       = 1,    // frames of the input buffer
  parameter GROUPS       = 2,    // groups of LANES words of the result buffer; 0: there is none
  parameter GATE_GROUPS  = 2,    // groups of LANES gates
  parameter HIDDEN_WORDS = 2,    // words of the hidden buffer, one half
  parameter HIDDEN_HALVES = 1,   // 2: the time step before is read while this one is written
  parameter HIDDEN_FIRST = 0,    // first word of the h that is the output
  parameter HIDDEN_READ  = 0,    // 1: lanes read it besides the head
  parameter OUTPUTS      = 2,    // values of an output vector
  parameter OUT_GROUPS   = 1,    // groups of LANES outputs of the head
  parameter NEED_W       = 4,    // bits of a gate group count
  // widths
  parameter ACT_W        = 12,   // activation, bits
  parameter WGT_W        = 8,    // weight, bits
  parameter ACC_W        = 32,   // accumulator, bits
  parameter ACT_AW       = 12,   // operand address, bits
  parameter OUT_AW       = 8,    // result group address, bits
  parameter SHIFT_MIN    = 1,    // least shift of the requantizers
  parameter SHIFT_SPAN   = 1,    // greatest minus least
  parameter C_FRAC       = 11,   // fraction bits of c
  parameter H_FRAC       = 11,   // fraction bits of h
  parameter GATE_SHIFT   = 0,    // left shift that takes gates and biases to 11 fraction bits
  parameter SERIAL_CELLS = 0,    // 1: element-wise units without DSP blocks
  parameter PARTS        = 1,    // products that a layer adds up, at most
  parameter MASKED       = 0,    // 1: not every part has a share in every sum
  parameter LAYERED      = 0,    // 1: several layers
  parameter GRU          = 0,    // 1: gated recurrent units, 0: LSTM
  parameter HARD         = 0,    // 1: hard sigmoid
  // streams
  parameter INPUTS       = 2,    // elements of a time step
  parameter BEAT         = 1,    // elements of a beat
  parameter ELEMENTS     = 1,    // elements written at once
  parameter SLOT_W       = 8,    // bits of an element's place in a beat
  parameter IN_W         = 8,    // bits of an element
  parameter IN_SIGNED    = 0,    // 1: two's complement
  parameter IN_SHIFT     = 0,    // left shift from element to word
  parameter LOADER_LOOPS = 1,    // loops of the write address
  parameter LOADER_CW    = 8,    // its loop counters, bits
  parameter SLAB_COLUMNS = 2,    // elements of a slab
  parameter SLABS        = 1,    // slabs of x in a frame
  parameter HEAD         = 1,    // 1: linear head, 0: h is the output
  parameter EVERY_STEP   = 0     // 1: an output vector after each time step
) (
  input  wire                   i_clk,
  input  wire                   i_rst,        // synchronous, active high

  // x: input stream
  input  wire                   i_x_valid,
  output wire                   o_x_ready,
  input  wire [BEAT*SLOT_W-1:0] i_x_data,
  input  wire                   i_x_last,

  // y: output stream
  output wire                   o_y_valid,
  input  wire                   i_y_ready,
  output wire [15:0]            o_y_data,
  output wire                   o_y_last,
  output wire                   o_y_user,

  output wire                   o_error       // sticky: a misplaced tlast
);

  localparam WEIGHT_D = (WEIGHT_WORDS < 2) ? 2 : WEIGHT_WORDS;
  localparam WGT_AW   = $clog2(WEIGHT_D);
  localparam NEST_IW  = (NESTS < 2) ? 1 : $clog2(NESTS);
  localparam LEVEL_W  = (LOOPS < 2) ? 1 : $clog2(LOOPS);
  localparam DRAIN_W  = (LANES <= DRAINS) ? 1 : $clog2(LANES / DRAINS);
  localparam BANK_W   = (BANKS < 2) ? 1 : $clog2(BANKS);
  localparam SHIFT_W  = (SHIFT_SPAN < 2) ? 1 : $clog2(SHIFT_SPAN + 1);
  localparam HIDDEN_D = (HIDDEN_WORDS < 2) ? 2 : HIDDEN_WORDS;
  localparam HSLOT_W  = $clog2(HIDDEN_D);
  localparam HADDR_D  = HIDDEN_D * HIDDEN_HALVES;
  localparam HADDR_W  = $clog2(HADDR_D);
  localparam IDX_W    = (OUTPUTS < 2) ? 1 : $clog2(OUTPUTS);
  // A nest's word: loops, first weight, source and kept bank bits, shift and destination.
  localparam LOOPS_W  = LOOPS * (COUNT_W + 1);
  localparam PATH_W   = 2 + BANK_W;
  localparam TAIL_W   = SHIFT_W + 2;
  localparam NEST_W   = LOOPS_W + WGT_AW + PATH_W + TAIL_W;
  localparam [31:0]       HALF_32 = (FRAMES == 2) ? FRAME_WORDS : 0;
  localparam [ACT_AW-1:0] HALF    = HALF_32[ACT_AW-1:0];

  // ---------------------------------------------------------------------------
  // Input: loader and input buffer.
  // ---------------------------------------------------------------------------
  wire                      slab_full, slab_free, frame_done, frame_last, frame_abort;
  wire [ELEMENTS-1:0]       x_we;
  wire [ACT_AW-1:0]         x_addr;
  wire [ELEMENTS*ACT_W-1:0] x_words;
  wire                      h_we, h_input;
  wire [ACT_AW-1:0]         h_addr;
  wire [HSLOT_W-1:0]        h_slot;
  wire [ACT_W-1:0]          h_data;
  wire                      cell_frame, cell_half;

  ht_loader #(
    .LOOP_FILE    (LOADER_FILE),
    .LOOPS        (LOADER_LOOPS),
    .COUNT_W      (LOADER_CW),
    .INPUTS       (INPUTS),
    .BEAT         (BEAT),
    .ELEMENTS     (ELEMENTS),
    .SLOT_W       (SLOT_W),
    .IN_W         (IN_W),
    .IN_SIGNED    (IN_SIGNED),
    .SHIFT_LEFT   (IN_SHIFT),
    .WIDTH        (ACT_W),
    .ACT_AW       (ACT_AW),
    .SLAB_COLUMNS (SLAB_COLUMNS),
    .SLABS        (SLABS),
    .FRAMES       (FRAMES),
    .FRAME_WORDS  (FRAME_WORDS)
  ) u_loader (
    .i_clk         (i_clk),
    .i_rst         (i_rst),
    .i_valid       (i_x_valid),
    .o_ready       (o_x_ready),
    .i_data        (i_x_data),
    .i_last        (i_x_last),
    .i_block       (h_input),
    .o_we          (x_we),
    .o_addr        (x_addr),
    .o_words       (x_words),
    .i_slab_free   (slab_free),
    .o_slab_full   (slab_full),
    .o_frame_done  (frame_done),
    .o_frame_last  (frame_last),
    .o_frame_abort (frame_abort),
    .o_error       (o_error)
  );

  wire [ACT_AW-1:0]                act_addr;   // stage 2
  wire [INPUT_BANKS*(ACT_W+1)-1:0] input_data; // stage 3

  ht_input_buffer #(
    .WIDTH    (ACT_W),
    .WORDS    (FRAMES * FRAME_WORDS),
    .BANKS    (INPUT_BANKS),
    .ELEMENTS (ELEMENTS),
    .ACT_AW   (ACT_AW)
  ) u_input_buffer (
    .i_clk    (i_clk),
    .i_x_we   (x_we),
    .i_x_addr (x_addr),
    .i_x_data (x_words),
    .i_h_we   (h_input),
    .i_h_addr (h_addr + (cell_frame ? HALF : {ACT_AW{1'b0}})),
    .i_h_data (h_data),
    .i_raddr  (act_addr),
    .o_rdata  (input_data)
  );

  // ---------------------------------------------------------------------------
  // Program: sequencer (stage 0) and addresses (stage 2).
  // ---------------------------------------------------------------------------
  wire               issue, start, first, last, nest_end, fresh, release_slab;
  wire [LEVEL_W-1:0] level;
  wire [NEST_IW-1:0] nest;
  wire [ACT_AW-1:0]  act_base;
  wire [OUT_AW-1:0]  out_base;
  wire               complete, cell_start, cell_first, cell_done, all_done;
  wire               out_reserve, out_final, out_half, out_idle;
  wire               release_3;

  ht_sequencer #(
    .PROGRAM_FILE (PROGRAM_FILE),
    .NEST_FILE    (NEST_FILE),
    .PROGRAM_LEN  (PROGRAM_LEN),
    .NESTS        (NESTS),
    .LOOPS        (LOOPS),
    .COUNT_W      (COUNT_W),
    .ACT_AW       (ACT_AW),
    .OUT_AW       (OUT_AW),
    .NEST_TAIL_W  (NEST_W - LOOPS_W),
    .SLABS        (SLABS),
    .FRAMES       (FRAMES),
    .FRAME_WORDS  (FRAME_WORDS),
    .EVERY_STEP   (EVERY_STEP),
    .HEAD         (HEAD),
    .HIDDEN_HALF  ((HIDDEN_HALVES == 2) ? HIDDEN_D : 0)
  ) u_sequencer (
    .i_clk         (i_clk),
    .i_rst         (i_rst),
    .i_slab_full   (slab_full),
    .o_slab_free   (slab_free),
    .i_frame_done  (frame_done),
    .i_frame_last  (frame_last),
    .i_frame_abort (frame_abort),
    .o_cell_start  (cell_start),
    .o_cell_first  (cell_first),
    .o_cell_frame  (cell_frame),
    .o_cell_half   (cell_half),
    .i_cell_done   (cell_done),
    .o_out_reserve (out_reserve),
    .o_out_final   (out_final),
    .o_out_half    (out_half),
    .i_out_idle    (out_idle),
    .o_valid       (issue),
    .o_start       (start),
    .o_level       (level),
    .o_first       (first),
    .o_last        (last),
    .o_end         (nest_end),
    .o_nest        (nest),
    .o_act_base    (act_base),
    .o_out_base    (out_base),
    .o_fresh       (fresh),
    .o_release     (release_slab),
    .i_release     (release_3),
    .i_complete    (complete)
  );

  wire [WGT_AW-1:0] wgt_addr;  // stage 2
  wire [OUT_AW-1:0] out_addr;  // stage 2

  ht_address #(
    .DELTA_FILE  (DELTA_FILE),
    .NEST_FILE   (NEST_FILE),
    .NESTS       (NESTS),
    .LOOPS       (LOOPS),
    .ACT_AW      (ACT_AW),
    .WGT_AW      (WGT_AW),
    .OUT_AW      (OUT_AW),
    .NEST_HEAD_W (LOOPS_W),
    .NEST_TAIL_W (PATH_W + TAIL_W)
  ) u_address (
    .i_clk      (i_clk),
    .i_valid    (issue),
    .i_start    (start),
    .i_level    (level),
    .i_nest     (nest),
    .i_act_base (act_base),
    .i_out_base (out_base),
    .o_act      (act_addr),
    .o_wgt      (wgt_addr),
    .o_out      (out_addr)
  );

  // Control alongside the data: bit or slice k - 1 belongs to stage k.
  reg [6:0]           valid_q, end_q;     // end_q: last of its nest
  reg [6:0]           group_q;            // last of a sum
  reg [3:0]           first_q, fresh_q;
  reg [2:0]           release_q;
  reg [7*NEST_IW-1:0] nest_q;

  // valid_q: an iteration is in the stage
  always @(posedge i_clk)
    if (i_rst) valid_q <= 7'd0;
    else       valid_q <= {valid_q[5:0], issue};

  // end_q, group_q, first_q, fresh_q, release_q, nest_q: about it; need no reset
  always @(posedge i_clk) end_q     <= {end_q[5:0], nest_end};
  always @(posedge i_clk) group_q   <= {group_q[5:0], last};
  always @(posedge i_clk) first_q   <= {first_q[2:0], first};
  always @(posedge i_clk) fresh_q   <= {fresh_q[2:0], fresh};
  always @(posedge i_clk) release_q <= {release_q[1:0], release_slab};
  always @(posedge i_clk) nest_q    <= {nest_q[6*NEST_IW-1:0], nest};

  assign release_3 = valid_q[2] && end_q[2] && release_q[2];

  // ---------------------------------------------------------------------------
  // Operands: memories (stage 3), a register each (stage 4), lanes (sums at stage 7).
  // ---------------------------------------------------------------------------
  wire [LANES*WGT_W-1:0] weight_data;  // stage 3
  wire [BANKS*ACT_W-1:0] result_data;  // stage 3
  wire [ACT_W-1:0]       hidden_data;  // stage 3
  wire                   result_valid, result_last, result_end;
  wire [1:0]             result_dest;
  wire [OUT_AW-1:0]      result_group;
  wire [DRAIN_W-1:0]     result_drain;
  wire [DRAINS*16-1:0]   result_words;
  wire [DRAINS*ACT_W-1:0] result_narrow;

  ht_rom #(
    .FILE  (WEIGHT_FILE),
    .WIDTH (LANES * WGT_W),
    .DEPTH (WEIGHT_D)
  ) u_weights (
    .i_clk  (i_clk),
    .i_re   (1'b1),
    .i_addr (wgt_addr),
    .o_data (weight_data)
  );

  genvar r;
  generate for (r = 0; r < DRAINS; r = r + 1) begin : gen_narrow
    assign result_narrow[r*ACT_W +: ACT_W] = result_words[r*16 +: ACT_W];
  end endgenerate

  generate if (GROUPS != 0) begin : gen_results
    ht_banks #(
      .LANES  (LANES),
      .DRAINS (DRAINS),
      .BANKS  (BANKS),
      .WIDTH  (ACT_W),
      .GROUPS (GROUPS),
      .OUT_AW (OUT_AW),
      .ACT_AW (ACT_AW)
    ) u_results (
      .i_clk   (i_clk),
      .i_we    (result_valid && result_dest == 2'd0),
      .i_group (result_group),
      .i_drain (result_drain),
      .i_wdata (result_narrow),
      .i_raddr (act_addr),
      .o_rdata (result_data)
    );
  end else begin : gen_no_results
    wire unused_narrow = &{1'b0, result_narrow};
    assign result_data = {BANKS*ACT_W{1'b0}};
  end endgenerate

  // The hidden buffer: an operand of the lanes, and the output of a model without a head.
  localparam [31:0]        OTHER_32 = (HIDDEN_HALVES == 2) ? HIDDEN_D : 0;
  localparam [HADDR_W-1:0] OTHER    = OTHER_32[HADDR_W-1:0];
  localparam [31:0]        FIRST_32 = HIDDEN_FIRST;
  localparam [HADDR_W-1:0] FIRST    = FIRST_32[HADDR_W-1:0];
  wire [HADDR_W-1:0] written = cell_half ? OTHER : {HADDR_W{1'b0}};
  wire [HADDR_W-1:0] sent    = out_half ? OTHER : {HADDR_W{1'b0}};
  wire [HADDR_W-1:0] operand_raddr, out_raddr, slot;
  wire [IDX_W-1:0]   out_idx;
  wire [ACT_W-1:0]   out_hidden;
  ht_resize #(.IN_W (ACT_AW), .OUT_W (HADDR_W)) u_operand_raddr (
    .i_data (act_addr),
    .o_data (operand_raddr)
  );
  ht_resize #(.IN_W (IDX_W), .OUT_W (HADDR_W)) u_out_raddr (
    .i_data (out_idx),
    .o_data (out_raddr)
  );
  ht_resize #(.IN_W (HSLOT_W), .OUT_W (HADDR_W)) u_slot (
    .i_data (h_slot),
    .o_data (slot)
  );
  wire [HADDR_W-1:0] h_waddr = slot + written;
  wire unused_raddr = &{1'b0, out_raddr, out_hidden, hidden_data};

  generate if (HEAD != 0 || HIDDEN_READ != 0) begin : gen_operand
    ht_ram #(
      .WIDTH (ACT_W),
      .DEPTH (HADDR_D)
    ) u_hidden (
      .i_clk   (i_clk),
      .i_we    (h_we),
      .i_waddr (h_waddr),
      .i_wdata (h_data),
      .i_re    (1'b1),
      .i_raddr (operand_raddr),
      .o_rdata (hidden_data)
    );
  end else begin : gen_no_operand
    wire unused_operand = &{1'b0, operand_raddr};
    assign hidden_data = {ACT_W{1'b0}};
  end endgenerate

  generate if (HEAD == 0) begin : gen_answer
    ht_ram #(
      .WIDTH (ACT_W),
      .DEPTH (HADDR_D)
    ) u_hidden_out (
      .i_clk   (i_clk),
      .i_we    (h_we),
      .i_waddr (h_waddr),
      .i_wdata (h_data),
      .i_re    (1'b1),
      .i_raddr (out_raddr + FIRST + sent),
      .o_rdata (out_hidden)
    );
  end else begin : gen_no_answer
    assign out_hidden = {ACT_W{1'b0}};
  end endgenerate

  wire [NEST_W-1:0] path_nest;
  wire unused_path = &{1'b0, path_nest[LOOPS_W+WGT_AW-1:0], path_nest[NEST_W-1 -: TAIL_W]};
  ht_table #(
    .FILE  (NEST_FILE),
    .WIDTH (NEST_W),
    .DEPTH (NESTS)
  ) u_path (
    .i_addr (nest_q[2*NEST_IW +: NEST_IW]),
    .o_data (path_nest)
  );

  reg [BANK_W-1:0]                sel_q3, sel_q4;
  reg [PATH_W-1:0]                path_q4;
  reg [INPUT_BANKS*(ACT_W+1)-1:0] input_q4;
  reg [BANKS*ACT_W-1:0]           result_q4;
  reg [ACT_W-1:0]                 hidden_q4;
  reg [LANES*WGT_W-1:0]           weight_q4;

  // sel_q3, sel_q4: bank bits of the address; need no reset
  always @(posedge i_clk) {sel_q4, sel_q3} <= {sel_q3, act_addr[BANK_W-1:0]};

  // path_q4: source and kept bank bits; needs no reset
  always @(posedge i_clk) path_q4 <= path_nest[LOOPS_W+WGT_AW +: PATH_W];

  // input_q4, result_q4, hidden_q4, weight_q4: outputs of the memories; need no reset
  always @(posedge i_clk) input_q4  <= input_data;
  always @(posedge i_clk) result_q4 <= result_data;
  always @(posedge i_clk) hidden_q4 <= hidden_data;
  always @(posedge i_clk) weight_q4 <= weight_data;

  wire [LANES*ACC_W-1:0] sums;  // stage 7

  ht_lanes #(
    .LANES       (LANES),
    .ACT_W       (ACT_W),
    .WGT_W       (WGT_W),
    .ACC_W       (ACC_W),
    .INPUT_BANKS (INPUT_BANKS),
    .BANKS       (BANKS),
    .BANK_ALWAYS (BANK_ALWAYS),
    .BANK_NEVER  (BANK_NEVER),
    .LANES_USED  (LANES_USED)
  ) u_lanes (
    .i_clk     (i_clk),
    .i_valid   (valid_q[3]),
    .i_first   (first_q[3]),
    .i_source  (path_q4[1:0]),
    .i_fresh   (fresh_q[3]),
    .i_sel     (sel_q4),
    .i_keep    (path_q4[PATH_W-1:2]),
    .i_input   (input_q4),
    .i_result  (result_q4),
    .i_hidden  (hidden_q4),
    .i_weights (weight_q4),
    .o_acc     (sums)
  );

  // ---------------------------------------------------------------------------
  // Results (two stages after the chain's head, which is stage 8 at the earliest).
  // ---------------------------------------------------------------------------
  reg [5*OUT_AW-1:0] place_q;   // slice k - 3 belongs to stage k

  // place_q: where the sums go; needs no reset
  always @(posedge i_clk) place_q <= {place_q[4*OUT_AW-1:0], out_addr};

  ht_writeback #(
    .NEST_FILE   (NEST_FILE),
    .NESTS       (NESTS),
    .NEST_HEAD_W (NEST_W - TAIL_W),
    .LANES       (LANES),
    .DRAINS      (DRAINS),
    .ACC_W       (ACC_W),
    .ACT_W       (ACT_W),
    .OUT_AW      (OUT_AW),
    .SHIFT_MIN   (SHIFT_MIN),
    .SHIFT_SPAN  (SHIFT_SPAN)
  ) u_writeback (
    .i_clk      (i_clk),
    .i_rst      (i_rst),
    .i_valid    (valid_q[6] && group_q[6]),
    .i_end      (end_q[6]),
    .i_nest     (nest_q[6*NEST_IW +: NEST_IW]),
    .i_group    (place_q[4*OUT_AW +: OUT_AW]),
    .i_acc      (sums),
    .o_valid    (result_valid),
    .o_last     (result_last),
    .o_end      (result_end),
    .o_dest     (result_dest),
    .o_group    (result_group),
    .o_drain    (result_drain),
    .o_data     (result_words),
    .o_complete (complete)
  );

  // ---------------------------------------------------------------------------
  // Element-wise units.
  // ---------------------------------------------------------------------------
  ht_cells #(
    .GATE_FILE    (GATE_FILE),
    .HIDDEN_FILE  (HIDDEN_FILE),
    .SIGMOID_FILE (SIGMOID_FILE),
    .HARD_FILE    (HARD_FILE),
    .LANES        (LANES),
    .DRAINS       (DRAINS),
    .CELLS        (CELLS),
    .ROWS         (ROWS),
    .GROUPS       (GATE_GROUPS),
    .NEED_W       (NEED_W),
    .OUT_AW       (OUT_AW),
    .ACT_AW       (ACT_AW),
    .SLOT_W       (HSLOT_W),
    .ACT_W        (ACT_W),
    .C_FRAC       (C_FRAC),
    .H_FRAC       (H_FRAC),
    .GATE_SHIFT   (GATE_SHIFT),
    .SERIAL       (SERIAL_CELLS),
    .PARTS        (PARTS),
    .MASKED       (MASKED),
    .LAYERED      (LAYERED),
    .GRU          (GRU),
    .HARD         (HARD)
  ) u_cells (
    .i_clk       (i_clk),
    .i_rst       (i_rst),
    .i_gate_we   (result_valid && result_dest == 2'd1),
    .i_early_we  (result_valid && result_dest == 2'd3),
    .i_gate_last (result_last),
    .i_group     (result_group),
    .i_drain     (result_drain),
    .i_gates     (result_words),
    .i_start     (cell_start),
    .i_first     (cell_first),
    .o_done      (cell_done),
    .o_all_done  (all_done),
    .o_h_we      (h_we),
    .o_h_input   (h_input),
    .o_h_addr    (h_addr),
    .o_h_slot    (h_slot),
    .o_h_data    (h_data)
  );

  // ---------------------------------------------------------------------------
  // Output: from the head's results, or from h.
  // ---------------------------------------------------------------------------
  wire signed [15:0] out_value;
  wire               out_go;

  generate if (HEAD != 0) begin : gen_head
    localparam COUNT   = LANES / DRAINS;
    localparam DEPTH   = (OUT_GROUPS * COUNT < 2) ? 2 : OUT_GROUPS * COUNT;
    localparam ADDR_W  = $clog2(DEPTH);
    localparam FULL_W  = OUT_AW + DRAIN_W + 1;
    localparam PICK_W  = $clog2(DRAINS);
    wire [FULL_W-1:0] waddr_full = (COUNT > 1) ? {1'b0, result_group, result_drain}
                                               : {{(DRAIN_W+1){1'b0}}, result_group};
    wire [IDX_W-1:0]  raddr_full = out_idx >> PICK_W;
    wire [ADDR_W-1:0] waddr, raddr;
    ht_resize #(.IN_W (FULL_W), .OUT_W (ADDR_W)) u_waddr (.i_data (waddr_full), .o_data (waddr));
    ht_resize #(.IN_W (IDX_W), .OUT_W (ADDR_W)) u_raddr (.i_data (raddr_full), .o_data (raddr));

    // A memory for each requantizer that computes an output; with few outputs some have none.
    wire [DRAINS*16-1:0] words;
    for (r = 0; r < DRAINS; r = r + 1) begin : gen_bank
      if (r < OUTPUTS) begin : gen_read
        ht_ram #(
          .WIDTH (16),
          .DEPTH (DEPTH)
        ) u_outputs (
          .i_clk   (i_clk),
          .i_we    (result_valid && result_dest == 2'd2),
          .i_waddr (waddr),
          .i_wdata (result_words[r*16 +: 16]),
          .i_re    (1'b1),
          .i_raddr (raddr),
          .o_rdata (words[r*16 +: 16])
        );
      end else begin : gen_none
        assign words[r*16 +: 16] = 16'd0;
      end
    end
    localparam BANKI_W = (DRAINS < 2) ? 1 : PICK_W;
    wire [31:0] bank = {{(32-IDX_W){1'b0}}, out_idx} % DRAINS;
    wire unused_bank = &{1'b0, bank};
    ht_pick #(.COUNT (DRAINS), .WIDTH (16)) u_value (
      .i_idx  (bank[BANKI_W-1:0]),
      .i_data (words),
      .o_data (out_value)
    );

    // The vector is complete one clock after its last write.
    reg go_q;
    assign out_go = go_q;

    // go_q: needs no reset
    always @(posedge i_clk)
      go_q <= result_valid && result_dest == 2'd2 && result_last && result_end;
    wire unused_done = &{1'b0, all_done, sent};
  end else begin : gen_hidden
    assign out_value = {{(16-ACT_W){out_hidden[ACT_W-1]}}, out_hidden};
    assign out_go    = all_done;
    wire unused_end  = &{1'b0, result_end};
  end endgenerate

  ht_output #(
    .BIAS_FILE (BIAS_FILE),
    .OUTPUTS   (OUTPUTS),
    .IDX_W     (IDX_W)
  ) u_output (
    .i_clk     (i_clk),
    .i_rst     (i_rst),
    .i_reserve (out_reserve),
    .i_final   (out_final),
    .i_go      (out_go),
    .o_idle    (out_idle),
    .o_idx     (out_idx),
    .i_value   (out_value),
    .o_valid   (o_y_valid),
    .i_ready   (i_y_ready),
    .o_data    (o_y_data),
    .o_last    (o_y_last),
    .o_user    (o_y_user)
  );

endmodule

`default_nettype wire
