// ht_loader.v: from the input stream to the input buffer
//
// Converts elements to words, writes them where the layout wants them and counts slabs: it fills a
// slab only when the program has handed it back. A tlast that is not on the last beat of a time
// step raises o_error permanently; the rest of that time step is passed on unfilled, to be run and
// not answered.
//
// Static library module of htgen: not generated, safe to read and edit.
// SPDX-License-Identifier: MIT OR Apache-2.0
`default_nettype none

module ht_loader #(
  parameter LOOP_FILE    = "",  // image: deltas of the write address, by loop
  parameter LOOPS        = 1,   // loops of the write address, 1 for consecutive words
  parameter COUNT_W      = 8,   // width of a loop counter, bits
  parameter INPUTS       = 2,   // elements of a time step
  parameter BEAT         = 1,   // elements of a beat
  parameter ELEMENTS     = 1,   // elements written at once, divides BEAT
  parameter SLOT_W       = 8,   // bits of an element's place in a beat
  parameter IN_W         = 8,   // bits of an element
  parameter IN_SIGNED    = 0,   // 1: two's complement, 0: unsigned
  parameter SHIFT_LEFT   = 0,   // from element to word; negative: right, rounding half up
  parameter WIDTH        = 12,  // word width, bits
  parameter ACT_AW       = 12,  // word address, bits
  parameter SLAB_COLUMNS = 2,   // elements of a slab
  parameter SLABS        = 1,   // slabs of x in a frame
  parameter FRAMES       = 1,   // frames of the input buffer, 1 or 2
  parameter FRAME_WORDS  = 2    // words of one frame
) (
  input  wire                      i_clk,
  input  wire                      i_rst,         // synchronous, active high

  // in: the stream
  input  wire                      i_valid,
  output wire                      o_ready,
  input  wire [BEAT*SLOT_W-1:0]    i_data,
  input  wire                      i_last,

  // x: words for the input buffer
  input  wire                      i_block,       // its write port is taken in this clock
  output wire [ELEMENTS-1:0]       o_we,
  output wire [ACT_AW-1:0]         o_addr,
  output wire [ELEMENTS*WIDTH-1:0] o_words,

  // slabs
  input  wire                      i_slab_free,
  output wire                      o_slab_full,
  output wire                      o_frame_done,
  output wire                      o_frame_last,
  output wire                      o_frame_abort,

  output wire                      o_error        // sticky: a misplaced tlast
);

  generate
    if (ELEMENTS < 1 || BEAT % ELEMENTS != 0) begin : gen_bounds_beat
      ht_error_loader_elements_must_divide_beat u_error ();
    end
    if (IN_W < 1 || IN_W > SLOT_W) begin : gen_bounds_slot
      ht_error_loader_element_must_fit_its_slot u_error ();
    end
    if (SLABS * SLAB_COLUMNS < INPUTS
        || (SLABS - 1) * SLAB_COLUMNS >= INPUTS) begin : gen_bounds_slabs
      ht_error_loader_slabs_must_be_those_of_the_inputs u_error ();
    end
    if (FRAMES < 1 || FRAMES > 2) begin : gen_bounds_frames
      ht_error_loader_frames_must_be_1_or_2 u_error ();
    end
  endgenerate

  localparam COLUMN_W = $clog2(INPUTS + BEAT + 1) + 1;
  localparam CREDIT_W = $clog2(SLABS * FRAMES + 1) + 1;
  localparam PARTS    = BEAT / ELEMENTS;
  localparam PART_W   = (PARTS < 2) ? 1 : $clog2(PARTS);
  localparam [31:0] INPUTS_32   = INPUTS;
  localparam [31:0] ELEMENTS_32 = ELEMENTS;
  localparam [31:0] SLAB_32     = (SLAB_COLUMNS < INPUTS) ? SLAB_COLUMNS : INPUTS;
  localparam [31:0] SLABS_32    = SLABS * FRAMES;
  localparam [31:0] PART_32     = PARTS - 1;
  localparam [COLUMN_W-1:0] INPUTS_C   = INPUTS_32[COLUMN_W-1:0];
  localparam [COLUMN_W-1:0] ELEMENTS_C = ELEMENTS_32[COLUMN_W-1:0];
  localparam [COLUMN_W-1:0] SLAB_C     = SLAB_32[COLUMN_W-1:0];
  localparam [CREDIT_W-1:0] ALL_SLABS  = SLABS_32[CREDIT_W-1:0];
  localparam [PART_W-1:0]   FINAL_PART = PART_32[PART_W-1:0];
  localparam [31:0]         HALF_32    = (FRAMES == 2) ? FRAME_WORDS : 0;
  localparam [ACT_AW-1:0]   HALF       = HALF_32[ACT_AW-1:0];

  reg  [CREDIT_W-1:0] free_q;     // slabs that may be filled
  reg  [COLUMN_W-1:0] column_q;   // elements of this time step that are written
  reg  [COLUMN_W-1:0] edge_q;     // elements at the end of the slab being filled
  reg  [PART_W-1:0]   part_q;     // write within a beat
  reg                 fill_q;     // an aborted time step is passed on
  reg                 frame_q;    // half of the input buffer
  reg                 error_q;

  wire room       = (free_q != {CREDIT_W{1'b0}});
  wire write      = i_valid && room && !fill_q && !i_block;
  wire [COLUMN_W-1:0] next_column = column_q + ELEMENTS_C;
  wire frame_end  = (next_column >= INPUTS_C);
  wire slab_end   = (next_column >= edge_q) || frame_end;
  wire beat_end   = (part_q == FINAL_PART) || frame_end;
  wire bad_last   = write && beat_end && i_last && !frame_end;
  wire slab_full  = (write && slab_end) || (fill_q && room);
  wire last_slab  = (edge_q >= INPUTS_C);
  wire close      = (write && frame_end) || (fill_q && room && last_slab);

  assign o_ready       = room && !fill_q && !i_block && beat_end;
  assign o_slab_full   = slab_full;
  assign o_frame_done  = close;
  assign o_frame_last  = fill_q || i_last;
  assign o_frame_abort = fill_q;
  assign o_error       = error_q;

  // free_q: decremented with a slab filled, incremented with one handed back
  always @(posedge i_clk)
    if (i_rst)                         free_q <= ALL_SLABS;
    else if (slab_full != i_slab_free) free_q <= free_q + {{(CREDIT_W-1){slab_full}}, 1'b1};

  // column_q: position in the time step
  always @(posedge i_clk)
    if (i_rst || close) column_q <= {COLUMN_W{1'b0}};
    else if (write)     column_q <= next_column;

  // edge_q: end of the slab
  always @(posedge i_clk)
    if (i_rst || close) edge_q <= SLAB_C;
    else if (slab_full) edge_q <= edge_q + SLAB_C;

  // part_q: position in the beat
  always @(posedge i_clk)
    if (i_rst)      part_q <= {PART_W{1'b0}};
    else if (write) part_q <= beat_end ? {PART_W{1'b0}} : part_q + {{(PART_W-1){1'b0}}, 1'b1};

  // fill_q: from a misplaced tlast to the end of its time step; a slab that ends with
  // that beat has just been counted
  always @(posedge i_clk)
    if (i_rst || close) fill_q <= 1'b0;
    else if (bad_last)  fill_q <= 1'b1;

  // frame_q: the other half for the next time step
  always @(posedge i_clk)
    if (i_rst)                       frame_q <= 1'b0;
    else if (close && (FRAMES == 2)) frame_q <= !frame_q;

  // error_q: until reset
  always @(posedge i_clk)
    if (i_rst)         error_q <= 1'b0;
    else if (bad_last) error_q <= 1'b1;

  // Elements to words.
  genvar e;
  generate for (e = 0; e < ELEMENTS; e = e + 1) begin : gen_element
    localparam [COLUMN_W-1:0] E = e;
    wire [PARTS*SLOT_W-1:0] slots;   // this position's element in each part of the beat
    genvar p;
    for (p = 0; p < PARTS; p = p + 1) begin : gen_part
      assign slots[p*SLOT_W +: SLOT_W] = i_data[(p*ELEMENTS+e)*SLOT_W +: SLOT_W];
    end
    wire [SLOT_W-1:0] slot;
    ht_pick #(.COUNT (PARTS), .WIDTH (SLOT_W)) u_slot (
      .i_idx  (part_q),
      .i_data (slots),
      .o_data (slot)
    );
    wire unused_slot = &{1'b0, slot};

    ht_convert #(
      .IN_W       (IN_W),
      .IN_SIGNED  (IN_SIGNED),
      .SHIFT_LEFT (SHIFT_LEFT),
      .OUT_W      (WIDTH)
    ) u_convert (
      .i_data (slot[IN_W-1:0]),
      .o_data (o_words[e*WIDTH +: WIDTH])
    );
    // Not in reset: the input buffer has words that must stay zero after configuration.
    assign o_we[e] = write && !i_rst && (column_q + E < INPUTS_C);
  end endgenerate

  // The write address: consecutive, or a loop nest of its own.
  reg  [ACT_AW-1:0] addr_q;
  wire [ACT_AW-1:0] delta;
  assign o_addr = addr_q + (frame_q ? HALF : {ACT_AW{1'b0}});

  // addr_q: word of the next write in its frame
  always @(posedge i_clk)
    if (i_rst || close) addr_q <= {ACT_AW{1'b0}};
    else if (write)     addr_q <= addr_q + delta;

  generate if (LOOPS < 2) begin : gen_consecutive
    wire unused_count_w = (COUNT_W > 0);
    assign delta = ELEMENTS_32[ACT_AW-1:0];
  end else begin : gen_loops
    localparam LEVEL_W = $clog2(LOOPS);
    localparam DEPTH   = 1 << LEVEL_W;
    // Words {iterations minus one, delta} by loop, innermost first.
    wire [LOOPS-1:0] done;
    reg  [LEVEL_W-1:0] level;
    wire [COUNT_W+ACT_AW-1:0] word;
    wire unused_top = &{1'b0, word[ACT_AW +: COUNT_W]};
    integer k;
    always @(*) begin
      level = {LEVEL_W{1'b0}};
      for (k = LOOPS - 1; k >= 0; k = k - 1)
        if (!done[k]) level = k[LEVEL_W-1:0];
    end
    ht_table #(.FILE (LOOP_FILE), .WIDTH (COUNT_W + ACT_AW), .DEPTH (DEPTH)) u_deltas (
      .i_addr (level),
      .o_data (word)
    );
    assign delta    = word[0 +: ACT_AW];
    genvar l;
    for (l = 0; l < LOOPS; l = l + 1) begin : gen_loop
      localparam [COUNT_W-1:0] ONE   = 1;
      localparam [LEVEL_W-1:0] L     = l;
      localparam [LOOPS-1:0]   OUTER = {LOOPS{1'b1}} << l;  // this loop and those around it
      reg  [COUNT_W-1:0] count_q;
      wire [COUNT_W+ACT_AW-1:0] own;
      wire unused_own = &{1'b0, own[0 +: ACT_AW]};
      ht_table #(.FILE (LOOP_FILE), .WIDTH (COUNT_W + ACT_AW), .DEPTH (DEPTH)) u_top (
        .i_addr (L),
        .o_data (own)
      );
      assign done[l]    = (count_q == own[ACT_AW +: COUNT_W]);

      // count_q: iterations of this loop that are done
      always @(posedge i_clk)
        if (i_rst || close)                  count_q <= {COUNT_W{1'b0}};
        else if (write && (&(done | OUTER))) count_q <= done[l] ? {COUNT_W{1'b0}} : count_q + ONE;
    end
  end endgenerate

endmodule

`default_nettype wire
