// ht_writeback.v: from P accumulators to results, DRAINS at a time
//
// The sums of a group are copied in one clock and leave through DRAINS shift chains and
// requantizers while the lanes continue; lane d*DRAINS + r leaves through requantizer r at drain d.
// Two groups are at least LANES / DRAINS clocks apart. Results appear two clocks after the head of
// the chain.
//
// Static library module of htgen: not generated, safe to read and edit.
// SPDX-License-Identifier: MIT OR Apache-2.0
`default_nettype none

module ht_writeback #(
  parameter NEST_FILE   = "",  // image: loop nests: shift and destination
  parameter NESTS       = 2,   // loop nests, 2..256
  parameter NEST_HEAD_W = 1,   // bits of a nest's word before shift and destination
  parameter LANES       = 4,   // lanes, a power of two
  parameter DRAINS      = 1,   // requantizers, a power of two up to LANES
  parameter ACC_W       = 32,  // accumulator, bits
  parameter ACT_W       = 12,  // activation, bits
  parameter OUT_AW      = 8,   // result group address, bits
  parameter SHIFT_MIN   = 1,   // least shift
  parameter SHIFT_SPAN  = 1,   // greatest shift minus the least
  parameter SHIFT_W     = (SHIFT_SPAN < 2) ? 1 : $clog2(SHIFT_SPAN + 1),   // derived, do not set
  parameter DRAIN_W     = (LANES <= DRAINS) ? 1 : $clog2(LANES / DRAINS),  // derived, do not set
  parameter NEST_IW     = (NESTS < 2) ? 1 : $clog2(NESTS)                 // derived, do not set
) (
  input  wire                    i_clk,
  input  wire                    i_rst,       // synchronous, active high

  // sums: a group is complete in the accumulators
  input  wire                    i_valid,
  input  wire                    i_end,       // the last group of its nest
  input  wire [NEST_IW-1:0]      i_nest,
  input  wire [OUT_AW-1:0]       i_group,     // where its results go
  input  wire [LANES*ACC_W-1:0]  i_acc,       // lane 0 in the low bits

  // results
  output wire                    o_valid,
  output wire                    o_last,      // the last drain of the group
  output wire                    o_end,       // of the last group of its nest
  output wire [1:0]              o_dest,      // 0 result buffer, 1 gates, 2 output
  output wire [OUT_AW-1:0]       o_group,
  output wire [DRAIN_W-1:0]      o_drain,
  output wire [DRAINS*16-1:0]    o_data,      // drain 0's requantizer in the low bits

  output wire                    o_complete   // the last result of a nest enters a requantizer
);

  generate
    if (LANES < DRAINS || DRAINS < 1
        || (LANES & (LANES - 1)) != 0 || (DRAINS & (DRAINS - 1)) != 0) begin : gen_bounds_powers
      ht_error_writeback_drains_must_be_a_power_of_two_up_to_lanes u_error ();
    end
  endgenerate

  localparam COUNT  = LANES / DRAINS;
  localparam TAIL_W = SHIFT_W + 2;
  localparam [31:0]        FINAL_32 = COUNT - 1;
  localparam [DRAIN_W-1:0] FINAL    = FINAL_32[DRAIN_W-1:0];
  localparam [DRAIN_W-1:0] ONE      = (COUNT > 1) ? 1 : 0;

  reg  [LANES*ACC_W-1:0]  hold_q;
  reg                     busy_q;
  reg                     end_q;
  reg  [DRAIN_W-1:0]      drain_q;
  reg  [OUT_AW-1:0]       group_q;
  reg  [NEST_IW-1:0]      nest_q;
  wire                    final_drain = (drain_q == FINAL);

  // hold_q: the group's sums, the next ones to leave lowest; needs no reset
  genvar l;
  generate for (l = 0; l < LANES; l = l + 1) begin : gen_hold
    if (l + DRAINS < LANES) begin : gen_shift
      always @(posedge i_clk)
        hold_q[l*ACC_W +: ACC_W] <= i_valid ? i_acc[l*ACC_W +: ACC_W]
                                            : hold_q[(l+DRAINS)*ACC_W +: ACC_W];
    end else begin : gen_end
      always @(posedge i_clk)
        if (i_valid) hold_q[l*ACC_W +: ACC_W] <= i_acc[l*ACC_W +: ACC_W];
    end
  end endgenerate

  // busy_q: sums are leaving
  always @(posedge i_clk)
    if (i_rst)            busy_q <= 1'b0;
    else if (i_valid)     busy_q <= 1'b1;
    else if (final_drain) busy_q <= 1'b0;

  // drain_q: how many have left; needs no reset
  always @(posedge i_clk)
    if (i_valid)     drain_q <= {DRAIN_W{1'b0}};
    else if (busy_q) drain_q <= drain_q + ONE;

  // end_q: this is the last group of its nest; needs no reset
  always @(posedge i_clk) if (i_valid) end_q <= i_end;

  // group_q: needs no reset
  always @(posedge i_clk) if (i_valid) group_q <= i_group;

  // nest_q: needs no reset
  always @(posedge i_clk) if (i_valid) nest_q <= i_nest;

  wire [NEST_HEAD_W+TAIL_W-1:0] nest;
  wire [SHIFT_W-1:0] shift = nest[NEST_HEAD_W +: SHIFT_W];
  wire [1:0]         dest  = nest[NEST_HEAD_W+SHIFT_W +: 2];
  wire unused_nest = &{1'b0, nest[NEST_HEAD_W-1:0]};

  ht_table #(
    .FILE  (NEST_FILE),
    .WIDTH (NEST_HEAD_W + TAIL_W),
    .DEPTH (NESTS)
  ) u_nests (
    .i_addr (nest_q),
    .o_data (nest)
  );

  generate for (l = 0; l < DRAINS; l = l + 1) begin : gen_requant
    wire unused_saturated;
    ht_requant #(
      .ACC_W      (ACC_W),
      .OUT_W      (16),
      .NARROW_W   (ACT_W),
      .SHIFT_MIN  (SHIFT_MIN),
      .SHIFT_SPAN (SHIFT_SPAN)
    ) u_requant (
      .i_clk       (i_clk),
      .i_acc       (hold_q[l*ACC_W +: ACC_W]),
      .i_shift     (shift),
      .i_narrow    (dest == 2'd0),
      .o_data      (o_data[l*16 +: 16]),
      .o_saturated (unused_saturated)
    );
  end endgenerate

  // Alongside the two stages of the requantizers.
  reg [1:0]           valid_q, last_q, ending_q;
  reg [1:0]           dest_q, dest_q2;
  reg [OUT_AW-1:0]    place_q, place_q2;
  reg [DRAIN_W-1:0]   number_q, number_q2;

  // valid_q: a result is in a stage
  always @(posedge i_clk)
    if (i_rst) valid_q <= 2'b00;
    else       valid_q <= {valid_q[0], busy_q};

  // last_q: the group's last drain; needs no reset
  always @(posedge i_clk) last_q <= {last_q[0], final_drain};

  // ending_q: of the nest's last group; needs no reset
  always @(posedge i_clk) ending_q <= {ending_q[0], end_q};

  // dest_q: where results go; needs no reset
  always @(posedge i_clk) {dest_q2, dest_q} <= {dest_q, dest};

  // place_q: their group; needs no reset
  always @(posedge i_clk) {place_q2, place_q} <= {place_q, group_q};

  // number_q: their drain; needs no reset
  always @(posedge i_clk) {number_q2, number_q} <= {number_q, drain_q};

  assign o_valid    = valid_q[1];
  assign o_last     = last_q[1];
  assign o_end      = ending_q[1];
  assign o_dest     = dest_q2;
  assign o_group    = place_q2;
  assign o_drain    = number_q2;
  assign o_complete = busy_q && final_drain && end_q;

endmodule

`default_nettype wire
