// ht_select.v: read network from LANES memory banks to LANES lanes, no clock
//
// Lane L gets the word of bank (L & i_keep) | (i_sel & ~i_keep): a kept index bit stays the lane's
// own, any other is the same bit of i_sel for all lanes. One stage of two-way multiplexers for each
// index bit. A bit that the program always keeps is wires; a bit that it never keeps makes its two
// lanes equal, so one multiplexer serves both: those stages come first and halve what follows.
//
// Static library module of htgen: not generated, safe to read and edit.
// SPDX-License-Identifier: MIT OR Apache-2.0
`default_nettype none

module ht_select #(
  parameter LANES       = 16,                               // a power of two, 1..256
  parameter WIDTH       = 12,                               // word width, bits, >= 1
  parameter IDX_W       = (LANES < 2) ? 1 : $clog2(LANES),  // derived, do not set
  parameter KEEP_ALWAYS = 0,                                // bits of i_keep that are constant 1
  parameter KEEP_NEVER  = 0                                 // bits of i_keep that are constant 0
) (
  input  wire [IDX_W-1:0]       i_sel,   // bank index where it is not kept
  input  wire [IDX_W-1:0]       i_keep,  // index bits that stay the lane's own
  input  wire [LANES*WIDTH-1:0] i_data,  // bank 0 in the low bits
  output wire [LANES*WIDTH-1:0] o_data   // lane 0 in the low bits
);

  localparam STAGES = (LANES < 2) ? 0 : IDX_W;

  generate
    if (LANES < 1 || LANES > 256 || (LANES & (LANES - 1)) != 0) begin : gen_bounds_lanes
      ht_error_select_lanes_must_be_a_power_of_two_up_to_256 u_error ();
    end
    if (WIDTH < 1) begin : gen_bounds_width
      ht_error_select_width_must_be_at_least_1 u_error ();
    end
    if ((KEEP_ALWAYS & KEEP_NEVER) != 0) begin : gen_bounds_keep
      ht_error_select_keep_always_and_never_overlap u_error ();
    end
  endgenerate

  // Index bit that a lane reads: its own bit (lanes with 0, lanes with 1) or i_sel.
  wire [IDX_W-1:0] bit_of_even = i_sel & ~i_keep;
  wire [IDX_W-1:0] bit_of_odd  = i_sel |  i_keep;

  // STAGES stages for the bits that are never kept, then STAGES for the rest.
  genvar s, l;
  generate for (s = 0; s < 2*STAGES; s = s + 1) begin : gen_stage
    localparam BIT    = s % STAGES;
    localparam NEVER  = ((KEEP_NEVER  >> BIT) & 1) != 0;
    localparam ALWAYS = ((KEEP_ALWAYS >> BIT) & 1) != 0;
    localparam ACTIVE = (s < STAGES) ? NEVER : !NEVER && !ALWAYS;
    // Index bits that no longer distinguish lanes after this stage.
    localparam EQUAL  = (s < STAGES) ? KEEP_NEVER & ((2 << BIT) - 1) : KEEP_NEVER;

    wire [LANES*WIDTH-1:0] in;
    wire [LANES*WIDTH-1:0] out;
    wire unused_in = &{1'b0, in};  // among equal lanes only the first is read
    if (s == 0) begin : gen_first
      assign in = i_data;
    end else begin : gen_next
      assign in = gen_stage[s-1].out;
    end

    for (l = 0; l < LANES; l = l + 1) begin : gen_lane
      localparam SAME = l & ~EQUAL;  // the first of the equal lanes: one multiplexer serves all
      localparam LOW  = SAME & ~(1 << BIT);
      localparam HIGH = SAME |  (1 << BIT);
      if (ACTIVE) begin : gen_mux
        wire high = NEVER ? i_sel[BIT] : (SAME == HIGH) ? bit_of_odd[BIT] : bit_of_even[BIT];
        assign out[l*WIDTH +: WIDTH] = high ? in[HIGH*WIDTH +: WIDTH] : in[LOW*WIDTH +: WIDTH];
      end else begin : gen_wires
        assign out[l*WIDTH +: WIDTH] = in[SAME*WIDTH +: WIDTH];
      end
    end
  end endgenerate

  generate if (STAGES == 0) begin : gen_one_lane
    assign o_data = i_data;
  end else begin : gen_lanes
    assign o_data = gen_stage[2*STAGES-1].out;
  end endgenerate

  wire unused = &{1'b0, i_sel, i_keep, bit_of_even, bit_of_odd};

`ifdef FORMAL
  // One lane, chosen by the solver, stands for all of them.
  (* anyconst *) wire [IDX_W-1:0] f_lane;
  always @(*) assume (f_lane < LANES);
  always @(*) assume ((i_keep & KEEP_ALWAYS) == KEEP_ALWAYS && (i_keep & KEEP_NEVER) == 0);

  // Rule 1: the lane's word is that of the bank given by the rule in the header.
  wire [IDX_W-1:0] f_bank = (f_lane & i_keep) | (i_sel & ~i_keep);
  always @(*) if (LANES > 1)
    assert (o_data[f_lane*WIDTH +: WIDTH] == i_data[f_bank*WIDTH +: WIDTH]);

  // Rule 2: a single lane is wires.
  always @(*) if (LANES == 1) assert (o_data == i_data);
`endif

endmodule

`default_nettype wire
