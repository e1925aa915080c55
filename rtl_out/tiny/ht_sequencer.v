// ht_sequencer.v: walks the microprogram, one loop iteration per clock
//
// An instruction is a loop nest with its first addresses and with what it waits for. If its
// conditions hold, the next one starts in the clock after the last iteration of the previous one,
// without a bubble. No arithmetic on data here. The words of both tables are described in their
// images.
//
// Static library module of htgen: not generated, safe to read and edit.
// SPDX-License-Identifier: MIT OR Apache-2.0
`default_nettype none

module ht_sequencer #(
  parameter PROGRAM_FILE = "",  // image: instructions
  parameter NEST_FILE    = "",  // image: loop nests
  parameter PROGRAM_LEN  = 2,   // instructions of a time step, 1..256
  parameter NESTS        = 2,   // loop nests, 2..256
  parameter LOOPS        = 1,   // loops of the longest nest, 1..16
  parameter COUNT_W      = 8,   // width of a loop counter, bits
  parameter ACT_AW       = 12,  // operand address, bits
  parameter OUT_AW       = 8,   // result group address, bits
  parameter NEST_TAIL_W  = 1,   // bits of a nest's word after the loops, not read here
  parameter SLABS        = 1,   // slabs of x that the input buffer holds
  parameter FRAMES       = 1,   // frames that the input buffer holds, 1 or 2
  parameter FRAME_WORDS  = 1,   // words of one frame
  parameter EVERY_STEP   = 0,   // 1: an output vector after each time step, 0: each sequence
  parameter HEAD         = 1,   // 1: the program ends with a linear head
  parameter HIDDEN_HALF  = 0,   // words of one half of the hidden buffer; 0: it is not halved
  parameter NEST_IW      = (NESTS < 2) ? 1 : $clog2(NESTS),             // derived, do not set
  parameter LEVEL_W      = (LOOPS < 2) ? 1 : $clog2(LOOPS),             // derived, do not set
  parameter PC_W         = (PROGRAM_LEN < 2) ? 1 : $clog2(PROGRAM_LEN)  // derived, do not set
) (
  input  wire               i_clk,
  input  wire               i_rst,          // synchronous, active high

  // x: slabs in the input buffer
  input  wire               i_slab_full,    // a slab has been filled
  output wire               o_slab_free,    // a slab has been read for the last time
  input  wire               i_frame_done,   // the slab filled was the last of a time step ...
  input  wire               i_frame_last,   // ... which ends its sequence
  input  wire               i_frame_abort,  // ... which is not to be answered

  // cells: the element-wise units
  output wire               o_cell_start,   // gates of a time step are about to come
  output wire               o_cell_first,   // with o_cell_start: it starts a sequence, c is zero
  output wire               o_cell_frame,   // half of the input buffer that takes h
  output wire               o_cell_half,    // half of the hidden buffer that takes h
  input  wire               i_cell_done,    // h is written

  // out: the output vector
  output wire               o_out_reserve,  // one is about to come
  output wire               o_out_final,    // it ends a sequence
  output wire               o_out_half,     // half of the hidden buffer that holds the output h
  input  wire               i_out_idle,     // the one before has left

  // issue: one loop iteration
  output wire               o_valid,
  output wire               o_start,        // first of its nest
  output wire [LEVEL_W-1:0] o_level,        // outermost loop that advanced to get here
  output wire               o_first,        // first of a sum
  output wire               o_last,         // last of a sum
  output wire               o_end,          // last of its nest
  output wire [NEST_IW-1:0] o_nest,
  output wire [ACT_AW-1:0]  o_act_base,     // valid with o_start
  output wire [OUT_AW-1:0]  o_out_base,     // valid with o_start
  output wire               o_fresh,        // h of the previous time step is zero
  output wire               o_release,      // with o_end: hands its slab back
  input  wire               i_release,      // o_release, when the last operand has been read
  input  wire               i_complete      // all results of an instruction are in flight
);

  generate
    if (PROGRAM_LEN < 1 || PROGRAM_LEN > 256) begin : gen_bounds_program
      ht_error_sequencer_program_len_must_be_1_to_256 u_error ();
    end
    if (NESTS < 2 || NESTS > 256 || LOOPS < 1 || LOOPS > 16) begin : gen_bounds_nests
      ht_error_sequencer_nests_or_loops_out_of_bounds u_error ();
    end
    if (SLABS < 1 || FRAMES < 1 || FRAMES > 2) begin : gen_bounds_slabs
      ht_error_sequencer_slabs_or_frames_out_of_bounds u_error ();
    end
  endgenerate

  localparam FLAGS_W = 10;
  localparam WORD_W  = FLAGS_W + 3 + NEST_IW + OUT_AW + ACT_AW;
  localparam LOOP_W  = COUNT_W + 1;
  localparam NEST_W  = LOOPS * LOOP_W + NEST_TAIL_W;
  localparam SLOT_W  = $clog2(SLABS * FRAMES + 1) + 1;
  localparam [31:0]     FINAL_32 = PROGRAM_LEN - 1;
  localparam [PC_W-1:0] FINAL_PC = FINAL_32[PC_W-1:0];

  // Program counter and the instruction that waits for its turn.
  reg  [PC_W-1:0]    pc_q;
  reg  [PC_W-1:0]    ir_pc_q;
  reg                ir_valid_q;
  reg  [WORD_W-1:0]  ir_q;
  wire [WORD_W-1:0]  word;

  ht_table #(
    .FILE  (PROGRAM_FILE),
    .WIDTH (WORD_W),
    .DEPTH ((PROGRAM_LEN < 2) ? 2 : PROGRAM_LEN)
  ) u_program (
    .i_addr (pc_q),
    .o_data (word)
  );

  wire [ACT_AW-1:0]  ir_act   = ir_q[0 +: ACT_AW];
  wire [OUT_AW-1:0]  ir_out   = ir_q[ACT_AW +: OUT_AW];
  wire [NEST_IW-1:0] ir_nest  = ir_q[ACT_AW+OUT_AW +: NEST_IW];
  wire [2:0]         ir_lag   = ir_q[ACT_AW+OUT_AW+NEST_IW +: 3];
  wire [FLAGS_W-1:0] ir_flags = ir_q[WORD_W-1 -: FLAGS_W];
  wire ir_wait_input    = ir_flags[0];  // needs the next slab of x
  wire ir_release_input = ir_flags[1];  // is the last to read its slab
  wire ir_takes_frame   = ir_flags[2];  // its slab is the last of the time step
  wire ir_wait_hidden   = ir_flags[3];  // needs h of the previous time step
  wire ir_reads_input   = ir_flags[4];  // operands from the input buffer
  wire ir_is_last       = ir_flags[5];  // feeds the element-wise units
  wire ir_answers       = ir_flags[6];  // gives the output vector: head, or top layer's last
  wire ir_opens_step    = ir_flags[7];  // first of a time step
  wire ir_reads_hidden  = ir_flags[8];  // operands from h of this time step
  wire ir_reads_before  = ir_flags[9];  // operands from h of the previous time step
  wire ir_is_head       = ir_answers && (HEAD != 0);

  // Properties of the running time step.
  reg  fresh_q;       // the next time step starts a sequence
  reg  first_q;       // the running one does
  reg  last_q;        // it ends its sequence
  reg  abort_q;       // it is not to be answered
  wire last_now;      // last_q, or what is about to be taken
  wire abort_now;
  wire answer = (last_now || (EVERY_STEP != 0)) && !abort_now;

  // Conditions.
  reg  [SLOT_W-1:0]  full_q;       // slabs filled and not yet taken
  reg  [3:0]         in_flight_q;  // instructions started and not complete
  reg                cell_busy_q;
  reg                active_q;
  wire               finishing;
  wire take_frame;
  wire skip        = ir_valid_q && ir_is_head && !((last_q || (EVERY_STEP != 0)) && !abort_q);
  wire input_ok    = !ir_wait_input || (full_q != {SLOT_W{1'b0}});
  wire hidden_ok   = !ir_wait_hidden || !cell_busy_q;
  wire flight_ok   = in_flight_q <= {1'b0, ir_lag};
  wire out_ok      = !ir_answers || i_out_idle;
  wire may_start   = !active_q || finishing;
  wire dispatch    = ir_valid_q && !skip && may_start && input_ok && hidden_ok && flight_ok
                     && out_ok;
  wire [PC_W-1:0] dispatch_pc = ir_pc_q;
  wire unused_dispatch_pc = &{1'b0, dispatch_pc};

  // pc_q: the instruction to fetch
  wire fetch = !ir_valid_q || dispatch || skip;
  always @(posedge i_clk)
    if (i_rst)      pc_q <= {PC_W{1'b0}};
    else if (fetch) pc_q <= (pc_q == FINAL_PC) ? {PC_W{1'b0}}
                                                      : pc_q + {{(PC_W-1){1'b0}}, 1'b1};

  // ir_valid_q: an instruction waits
  always @(posedge i_clk)
    if (i_rst)      ir_valid_q <= 1'b0;
    else if (fetch) ir_valid_q <= 1'b1;

  // ir_q: that instruction; needs no reset
  always @(posedge i_clk) if (fetch) ir_q <= word;

  // ir_pc_q: its number; needs no reset
  always @(posedge i_clk) if (fetch) ir_pc_q <= pc_q;

  // full_q: incremented with a slab filled, decremented with one taken
  wire take_slab = dispatch && ir_wait_input;
  always @(posedge i_clk)
    if (i_rst)                         full_q <= {SLOT_W{1'b0}};
    else if (i_slab_full != take_slab) full_q <= full_q + {{(SLOT_W-1){take_slab}}, 1'b1};

  // in_flight_q: incremented with an instruction started, decremented with one complete
  always @(posedge i_clk)
    if (i_rst)                       in_flight_q <= 4'd0;
    else if (dispatch != i_complete) in_flight_q <= in_flight_q + {{3{i_complete}}, 1'b1};

  // cell_busy_q: the element-wise units have work
  wire cell_start = dispatch && ir_is_last;
  always @(posedge i_clk)
    if (i_rst)            cell_busy_q <= 1'b0;
    else if (cell_start)  cell_busy_q <= 1'b1;
    else if (i_cell_done) cell_busy_q <= 1'b0;

  // Frames: what the loader reports about a time step waits here until the program reaches it.
  reg  [1:0] info_last_q;
  reg  [1:0] info_abort_q;
  reg        info_write_q;
  reg        info_read_q;
  assign     take_frame = dispatch && ir_takes_frame;

  // info_write_q: place of the next time step's facts
  always @(posedge i_clk)
    if (i_rst)             info_write_q <= 1'b0;
    else if (i_frame_done) info_write_q <= !info_write_q;

  // info_read_q: place of the running one's
  always @(posedge i_clk)
    if (i_rst)           info_read_q <= 1'b0;
    else if (take_frame) info_read_q <= !info_read_q;

  assign last_now  = take_frame ? info_last_q[info_read_q]  : last_q;
  assign abort_now = take_frame ? info_abort_q[info_read_q] : abort_q;

  // info_last_q: it ends a sequence; needs no reset
  always @(posedge i_clk) if (i_frame_done) info_last_q[info_write_q] <= i_frame_last;

  // info_abort_q: it is not to be answered; needs no reset
  always @(posedge i_clk) if (i_frame_done) info_abort_q[info_write_q] <= i_frame_abort;

  // last_q: needs no reset
  always @(posedge i_clk) if (take_frame) last_q <= info_last_q[info_read_q];

  // abort_q: needs no reset
  always @(posedge i_clk) if (take_frame) abort_q <= info_abort_q[info_read_q];

  // fresh_q: after reset and after the end of a sequence
  always @(posedge i_clk)
    if (i_rst)           fresh_q <= 1'b1;
    else if (take_frame) fresh_q <= info_last_q[info_read_q] || info_abort_q[info_read_q];

  // first_q: needs no reset
  wire open_step = dispatch && ir_opens_step;
  always @(posedge i_clk) if (open_step) first_q <= fresh_q;

  // frame_q: half of the input buffer that is read; toggles after its last reader
  reg  frame_q;
  wire next_frame = dispatch && ir_release_input && (FRAMES == 2);
  always @(posedge i_clk)
    if (i_rst)           frame_q <= 1'b0;
    else if (next_frame) frame_q <= !frame_q;

  // half_q: half of the hidden buffer that belongs to the running time step
  reg  half_q;
  wire half_now = half_q ^ ir_opens_step;
  always @(posedge i_clk)
    if (i_rst)          half_q <= 1'b0;
    else if (open_step) half_q <= half_now;

  // out_half_q: the one of the vector that is sent; needs no reset
  reg out_half_q;
  always @(posedge i_clk) if (dispatch && ir_answers) out_half_q <= half_now;

  // cell_half_q: the one that the element-wise units write; needs no reset
  reg cell_half_q;
  always @(posedge i_clk) if (cell_start) cell_half_q <= half_now;

  // The loop counters: each counts down, with a flag that it is at its last iteration.
  wire [NEST_W-1:0]        nest;
  wire [LOOPS*COUNT_W-1:0] top;       // iterations minus one, by loop, innermost first
  wire [LOOPS-1:0]         summed;    // loops that are summed over
  reg  [LOOPS*COUNT_W-1:0] top_q;
  reg  [LOOPS-1:0]         summed_q;
  reg  [LOOPS*COUNT_W-1:0] count_q;
  reg  [LOOPS-1:0]         done_q;
  wire                     group_end = &(done_q | ~summed_q);

  ht_table #(
    .FILE  (NEST_FILE),
    .WIDTH (NEST_W),
    .DEPTH (NESTS)
  ) u_nests (
    .i_addr (ir_nest),
    .o_data (nest)
  );
  wire unused_nest = &{1'b0, nest[NEST_W-1 -: NEST_TAIL_W]};

  assign finishing = active_q && (&done_q);

  // top_q: needs no reset
  always @(posedge i_clk) if (dispatch) top_q <= top;

  // summed_q: needs no reset
  always @(posedge i_clk) if (dispatch) summed_q <= summed;

  genvar l;
  generate for (l = 0; l < LOOPS; l = l + 1) begin : gen_loop
    localparam [COUNT_W-1:0] ONE  = 1;
    localparam [COUNT_W-1:0] ZERO = 0;
    localparam [LOOPS-1:0]   OUTER = {LOOPS{1'b1}} << l;  // this loop and those around it
    wire [COUNT_W-1:0] own_top = top_q[l*COUNT_W +: COUNT_W];
    wire [COUNT_W-1:0] own     = count_q[l*COUNT_W +: COUNT_W];
    wire               move    = active_q && (&(done_q | OUTER));

    assign top[l*COUNT_W +: COUNT_W] = nest[l*LOOP_W +: COUNT_W];
    assign summed[l]                 = nest[l*LOOP_W + COUNT_W];

    // count_q: iterations left in this loop; needs no reset
    always @(posedge i_clk)
      if (dispatch)  count_q[l*COUNT_W +: COUNT_W] <= top[l*COUNT_W +: COUNT_W];
      else if (move) count_q[l*COUNT_W +: COUNT_W] <= done_q[l] ? own_top : own - ONE;

    // done_q: count_q is zero; needs no reset
    always @(posedge i_clk)
      if (dispatch)  done_q[l] <= (top[l*COUNT_W +: COUNT_W] == ZERO);
      else if (move) done_q[l] <= done_q[l] ? (own_top == ZERO) : (own == ONE);
  end endgenerate

  // The outermost loop that advances after this iteration.
  reg [LEVEL_W-1:0] level;
  integer k;
  always @(*) begin
    level = {LEVEL_W{1'b0}};
    for (k = LOOPS - 1; k >= 0; k = k - 1)
      if (!done_q[k]) level = k[LEVEL_W-1:0];
  end

  reg                start_q, begin_q, release_q;
  reg  [LEVEL_W-1:0] level_q;
  reg  [NEST_IW-1:0] nest_q;
  reg  [ACT_AW-1:0]  act_q;
  reg  [OUT_AW-1:0]  out_q;
  localparam [31:0]       HALF_32 = (FRAMES == 2) ? FRAME_WORDS : 0;
  localparam [ACT_AW-1:0] HALF    = HALF_32[ACT_AW-1:0];
  localparam [31:0]       OTHER_32 = HIDDEN_HALF;
  localparam [ACT_AW-1:0] OTHER    = OTHER_32[ACT_AW-1:0];
  wire in_second_half = ir_reads_input && frame_q;
  wire in_other_half  = (ir_reads_hidden && half_now) || (ir_reads_before && !half_now);

  // active_q: an iteration is issued in this clock
  always @(posedge i_clk)
    if (i_rst)          active_q <= 1'b0;
    else if (dispatch)  active_q <= 1'b1;
    else if (finishing) active_q <= 1'b0;

  // start_q: it is the first of its nest; needs no reset
  always @(posedge i_clk) start_q <= dispatch;

  // begin_q: it is the first of a sum; needs no reset
  always @(posedge i_clk) begin_q <= dispatch || group_end;

  // level_q: the loop that advanced to it; needs no reset
  always @(posedge i_clk) level_q <= level;

  // nest_q: needs no reset
  always @(posedge i_clk) if (dispatch) nest_q <= ir_nest;

  // act_q: needs no reset
  always @(posedge i_clk)
    if (dispatch) act_q <= ir_act + (in_second_half ? HALF :
                                     in_other_half ? OTHER : {ACT_AW{1'b0}});

  // out_q: needs no reset
  always @(posedge i_clk) if (dispatch) out_q <= ir_out;

  // release_q: needs no reset
  always @(posedge i_clk) if (dispatch) release_q <= ir_release_input;

  assign o_valid       = active_q;
  assign o_start       = start_q;
  assign o_level       = level_q;
  assign o_first       = begin_q;
  assign o_last        = group_end;
  assign o_end         = finishing;
  assign o_nest        = nest_q;
  assign o_act_base    = act_q;
  assign o_out_base    = out_q;
  assign o_fresh       = first_q;
  assign o_release     = release_q;
  assign o_slab_free   = i_release;
  assign o_cell_start  = cell_start;
  assign o_cell_first  = ir_opens_step ? fresh_q : first_q;
  assign o_cell_frame  = frame_q;
  assign o_cell_half   = cell_half_q;
  assign o_out_reserve = dispatch && ir_answers && answer;
  assign o_out_final   = last_now;
  assign o_out_half    = out_half_q;

`ifdef FORMAL
  // Proved for any contents of the tables: every word read is free.
  localparam F_SLABS = SLABS * FRAMES;
  localparam F_W     = LOOPS * COUNT_W + 1;
  reg f_past_q = 1'b0;
  always @(posedge i_clk) f_past_q <= 1'b1;
  always @(*) if (!f_past_q) assume (i_rst);

  // What has happened since the reset.
  reg [7:0] f_full_q;    // slabs filled and not taken
  reg [7:0] f_open_q;    // slabs taken and not handed back
  reg [7:0] f_flight_q;  // instructions started and not complete
  reg [7:0] f_cells_q;   // time steps in the element-wise units
  reg [7:0] f_steps_q;   // time steps filled and not reached
  reg [7:0] f_fill_q;    // slabs of the time step being filled
  reg [7:0] f_take_q;    // slabs of the time step being read
  wire f_frame = f_fill_q == SLABS - 1;
  wire f_reach = f_take_q == SLABS - 1;
  always @(posedge i_clk)
    if (i_rst) begin
      {f_full_q, f_open_q, f_flight_q, f_cells_q, f_steps_q, f_fill_q, f_take_q} <= 56'd0;
    end else begin
      f_full_q   <= f_full_q + i_slab_full - take_slab;
      f_open_q   <= f_open_q + take_slab - i_release;
      f_flight_q <= f_flight_q + dispatch - i_complete;
      f_cells_q  <= f_cells_q + cell_start - i_cell_done;
      f_steps_q  <= f_steps_q + i_frame_done - take_frame;
      if (i_slab_full) f_fill_q <= f_frame ? 8'd0 : f_fill_q + 8'd1;
      if (take_slab)   f_take_q <= f_reach ? 8'd0 : f_take_q + 8'd1;
    end

  // The environment counts: slabs within the credit, nothing ends that has not begun.
  always @(*) if (f_past_q) begin
    assume (!i_slab_full || f_full_q + f_open_q < F_SLABS);
    assume (i_frame_done == (i_slab_full && f_frame));
    assume (!i_release || f_open_q != 0);
    assume (!i_complete || f_flight_q != 0);
    assume (!i_cell_done || f_cells_q != 0);
  end

  // So does the program: a time step is reached with its last slab, not in the head; what feeds the
  // units waits for h. Summed loops are the innermost.
  always @(*) if (dispatch) begin
    assume (ir_takes_frame == (ir_wait_input && f_reach));
    assume (!ir_takes_frame || !ir_is_head);
    assume (!ir_is_last || ir_wait_hidden);
    assume ((summed & (summed + 1'b1)) == 0);
  end

  // Rule 1: an instruction starts when what it waits for is there and the previous nest has ended,
  // and then at once.
  wire f_ready = (!ir_wait_input || f_full_q != 0) && (!ir_wait_hidden || f_cells_q == 0)
                 && f_flight_q <= ir_lag && (!ir_answers || i_out_idle);
  always @(*) if (f_past_q)
    assert (dispatch == (ir_valid_q && !skip && (!o_valid || o_end) && f_ready));
  always @(posedge i_clk)
    if (f_past_q && !$past(i_rst)) assert ((o_valid && o_start) == $past(dispatch));

  // Rule 2: no count leaves its range.
  always @(*) if (f_past_q) begin
    assert (full_q == f_full_q && f_full_q + f_open_q <= F_SLABS);
    assert (in_flight_q == f_flight_q && f_flight_q <= 8);
    assert (cell_busy_q == f_cells_q && f_cells_q <= 1);
    assert (f_fill_q < SLABS && f_take_q < SLABS && f_steps_q <= 2);
    assert (f_full_q + f_take_q == f_steps_q * SLABS + f_fill_q);
  end

  // Rule 3: a nest has as many iterations as its loops give, a sum as many as its summed loops.
  reg  [F_W-1:0] f_left_q;    // iterations of the nest that are left, with this one
  reg  [F_W-1:0] f_terms_q;   // terms of the sum that are left, with this one
  wire [F_W-1:0] f_one = 1;
  wire [(LOOPS+1)*F_W-1:0] f_all;   // product of the iterations of the loops below each
  wire [(LOOPS+1)*F_W-1:0] f_sum;   // ... of the summed ones
  wire [(LOOPS+1)*F_W-1:0] f_rest;  // iterations left in the loops below each, minus one
  wire [(LOOPS+1)*F_W-1:0] f_own;   // ... of the summed ones
  wire [(LOOPS+1)*F_W-1:0] f_next;      // as f_all, of the nest that starts
  wire [(LOOPS+1)*F_W-1:0] f_next_sum;  // as f_sum
  assign f_all[0 +: F_W]      = f_one;
  assign f_sum[0 +: F_W]      = f_one;
  assign f_next[0 +: F_W]     = f_one;
  assign f_next_sum[0 +: F_W] = f_one;
  assign f_rest[0 +: F_W]     = {F_W{1'b0}};
  assign f_own[0 +: F_W]      = {F_W{1'b0}};
  wire [F_W-1:0] f_iterations = f_next[LOOPS*F_W +: F_W];
  wire [F_W-1:0] f_terms      = dispatch ? f_next_sum[LOOPS*F_W +: F_W] : f_sum[LOOPS*F_W +: F_W];
  always @(posedge i_clk) f_left_q  <= dispatch ? f_iterations : f_left_q - f_one;
  always @(posedge i_clk) f_terms_q <= (dispatch || o_last) ? f_terms : f_terms_q - f_one;

  always @(*) if (f_past_q && o_valid) begin
    assert (o_end == (f_left_q == f_one));
    assert (o_last == (f_terms_q == f_one));
    assert (o_first == (f_terms_q == f_sum[LOOPS*F_W +: F_W]));
    assert (f_left_q == f_rest[LOOPS*F_W +: F_W] + f_one);
    assert (f_terms_q == f_own[LOOPS*F_W +: F_W] + f_one);
    assert ((summed_q & (summed_q + 1'b1)) == 0);
  end

  // Rule 4: the loop on o_level has advanced by one, those inside start again, those around wait.
  genvar f;
  generate for (f = 0; f < LOOPS; f = f + 1) begin : gen_formal
    wire [F_W-1:0] f_top   = top_q[f*COUNT_W +: COUNT_W];
    wire [F_W-1:0] f_count = count_q[f*COUNT_W +: COUNT_W];
    wire [F_W-1:0] f_new   = top[f*COUNT_W +: COUNT_W];
    wire [F_W-1:0] f_size  = f_all[f*F_W +: F_W];
    assign f_all[(f+1)*F_W +: F_W]  = f_size * (f_top + f_one);
    assign f_sum[(f+1)*F_W +: F_W]  = f_sum[f*F_W +: F_W] * (summed_q[f] ? f_top + f_one : f_one);
    assign f_rest[(f+1)*F_W +: F_W] = f_rest[f*F_W +: F_W] + f_count * f_size;
    assign f_own[(f+1)*F_W +: F_W]  = f_own[f*F_W +: F_W] + (summed_q[f] ? f_count * f_size : 0);
    assign f_next[(f+1)*F_W +: F_W] = f_next[f*F_W +: F_W] * (f_new + f_one);
    assign f_next_sum[(f+1)*F_W +: F_W] =
      f_next_sum[f*F_W +: F_W] * (summed[f] ? f_new + f_one : f_one);
    always @(*) if (f_past_q && o_valid)
      assert (f_count <= f_top && done_q[f] == (f_count == 0));
    always @(posedge i_clk)
      if (f_past_q && o_valid && !o_start && !$past(i_rst))
        assert (f_count == ((f < o_level) ? f_top : $past(f_count) - ((f == o_level) ? 1 : 0)));
  end endgenerate

  // Rule 5: a time step is answered by what came with its own slabs, in order; the head starts when
  // an answer is due and is skipped otherwise.
  reg [1:0] f_last_q, f_abort_q;  // of the time steps filled and not reached, the first lowest
  wire f_place = (f_steps_q - take_frame) != 0;
  always @(posedge i_clk) begin
    if (take_frame) {f_last_q[0], f_abort_q[0]} <= {f_last_q[1], f_abort_q[1]};
    if (i_frame_done) f_last_q[f_place]  <= i_frame_last;
    if (i_frame_done) f_abort_q[f_place] <= i_frame_abort;
  end
  always @(*) if (f_past_q) begin
    assert ((info_write_q ^ info_read_q) == f_steps_q[0]);
    if (take_frame) assert (f_steps_q != 0 && last_now == f_last_q[0] && abort_now == f_abort_q[0]);
    if (f_steps_q > 0)
      assert (f_last_q[0] == info_last_q[info_read_q] && f_abort_q[0] == info_abort_q[info_read_q]);
    if (f_steps_q > 1)
      assert (f_last_q[1] == info_last_q[!info_read_q]
              && f_abort_q[1] == info_abort_q[!info_read_q]);
    if (dispatch && ir_is_head) assert (answer);
    if (o_out_reserve) assert (i_out_idle && (o_out_final || EVERY_STEP != 0));
  end
`endif

endmodule

`default_nettype wire
