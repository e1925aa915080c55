// ht_address.v: the three address streams of a loop nest
//
// One addition per stream and iteration: the delta of the outermost loop that advanced, from a
// table by nest and loop. Addresses appear two clocks after the iteration on the inputs.
//
// Static library module of htgen: not generated, safe to read and edit.
// SPDX-License-Identifier: MIT OR Apache-2.0
`default_nettype none

module ht_address #(
  parameter DELTA_FILE  = "",  // image: deltas by nest and loop
  parameter NEST_FILE   = "",  // image: loop nests: first ROM word
  parameter NESTS       = 2,   // loop nests, 2..256
  parameter LOOPS       = 1,   // loops of the longest nest
  parameter ACT_AW      = 12,  // operand address, bits
  parameter WGT_AW      = 10,  // ROM address, bits
  parameter OUT_AW      = 8,   // result group address, bits
  parameter NEST_HEAD_W = 9,   // bits of a nest's word before the first ROM word
  parameter NEST_TAIL_W = 1,   // bits after it
  parameter NEST_IW     = (NESTS < 2) ? 1 : $clog2(NESTS),  // derived, do not set
  parameter LEVEL_W     = (LOOPS < 2) ? 1 : $clog2(LOOPS)   // derived, do not set
) (
  input  wire               i_clk,

  // issue: one loop iteration
  input  wire               i_valid,
  input  wire               i_start,
  input  wire [LEVEL_W-1:0] i_level,
  input  wire [NEST_IW-1:0] i_nest,
  input  wire [ACT_AW-1:0]  i_act_base,
  input  wire [OUT_AW-1:0]  i_out_base,

  // addresses, two clocks later
  output wire [ACT_AW-1:0]  o_act,
  output wire [WGT_AW-1:0]  o_wgt,
  output wire [OUT_AW-1:0]  o_out
);

  generate
    if (NESTS < 2 || NESTS > 256 || LOOPS < 1) begin : gen_bounds_nests
      ht_error_address_nests_or_loops_out_of_bounds u_error ();
    end
  endgenerate

  localparam DELTA_W = ACT_AW + WGT_AW + OUT_AW;
  localparam NEST_W  = NEST_HEAD_W + WGT_AW + NEST_TAIL_W;
  localparam DEPTH   = NESTS << LEVEL_W;

  wire [DELTA_W-1:0] delta;
  wire [NEST_W-1:0]  nest;
  wire unused_nest = &{1'b0, nest[NEST_HEAD_W-1:0], nest[NEST_W-1 -: NEST_TAIL_W]};

  ht_table #(
    .FILE  (DELTA_FILE),
    .WIDTH (DELTA_W),
    .DEPTH (DEPTH)
  ) u_deltas (
    .i_addr ({i_nest, i_level}),
    .o_data (delta)
  );

  ht_table #(
    .FILE  (NEST_FILE),
    .WIDTH (NEST_W),
    .DEPTH (NESTS)
  ) u_nests (
    .i_addr (i_nest),
    .o_data (nest)
  );

  // First clock: what to add, or where to start.
  reg               valid_q;
  reg               start_q;
  reg [DELTA_W-1:0] step_q;

  // valid_q: an iteration is in the first clock; needs no reset
  always @(posedge i_clk) valid_q <= i_valid;

  // start_q: it starts a nest; needs no reset
  always @(posedge i_clk) start_q <= i_start;

  // step_q: deltas, or first addresses; needs no reset
  always @(posedge i_clk)
    step_q <= i_start ? {i_out_base, nest[NEST_HEAD_W +: WGT_AW], i_act_base} : delta;

  // Second clock: the addresses.
  reg [ACT_AW-1:0] act_q;
  reg [WGT_AW-1:0] wgt_q;
  reg [OUT_AW-1:0] out_q;

  // act_q: operand address; needs no reset
  always @(posedge i_clk)
    if (valid_q) act_q <= step_q[0 +: ACT_AW] + (start_q ? {ACT_AW{1'b0}} : act_q);

  // wgt_q: ROM address; needs no reset
  always @(posedge i_clk)
    if (valid_q) wgt_q <= step_q[ACT_AW +: WGT_AW] + (start_q ? {WGT_AW{1'b0}} : wgt_q);

  // out_q: result group; needs no reset
  always @(posedge i_clk)
    if (valid_q) out_q <= step_q[ACT_AW+WGT_AW +: OUT_AW] + (start_q ? {OUT_AW{1'b0}} : out_q);

  assign o_act = act_q;
  assign o_wgt = wgt_q;
  assign o_out = out_q;

endmodule

`default_nettype wire
