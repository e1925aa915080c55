// ht_lanes.v: operands from three buffers to LANES multiply-accumulate lanes
//
// A lane takes the word of the bank given by its own number and the address: bits that the nest
// keeps come from the lane, the others from the address. Inputs are the buffers' registered
// outputs; sums are complete three clocks later. A lane whose weights are all zero has no
// multiplier.
//
// Static library module of htgen: not generated, safe to read and edit.
// SPDX-License-Identifier: MIT OR Apache-2.0
`default_nettype none

module ht_lanes #(
  parameter LANES        = 4,   // lanes, a power of two
  parameter ACT_W        = 12,  // activation, bits
  parameter WGT_W        = 8,   // weight, bits
  parameter ACC_W        = 32,  // accumulator, bits
  parameter INPUT_BANKS  = 1,   // banks of the input buffer, a power of two up to LANES
  parameter BANKS        = 1,   // banks of the result buffer, a power of two up to LANES
  parameter BANK_ALWAYS  = 0,   // bank bits of the result buffer that every nest keeps
  parameter BANK_NEVER   = 0,   // bank bits of the result buffer that no nest keeps
  parameter LANES_USED   = {LANES{1'b1}},  // bit l: lane l has weights that are not zero
  parameter BANK_W       = (BANKS < 2) ? 1 : $clog2(BANKS)               // derived, do not set
) (
  input  wire                             i_clk,

  // control, aligned with the buffers' outputs
  input  wire                             i_valid,
  input  wire                             i_first,    // first of a sum
  input  wire [1:0]                       i_source,   // 0 input, 1 results, 2 h, 3 h before
  input  wire                             i_fresh,    // marked words and previous h read as zero
  input  wire [BANK_W-1:0]                i_sel,      // bank bits of the result address
  input  wire [BANK_W-1:0]                i_keep,     // bank bits that come from the lane

  // operands
  input  wire [INPUT_BANKS*(ACT_W+1)-1:0] i_input,
  input  wire [BANKS*ACT_W-1:0]           i_result,
  input  wire [ACT_W-1:0]                 i_hidden,
  input  wire [LANES*WGT_W-1:0]           i_weights,  // lane 0 in the low bits

  output wire [LANES*ACC_W-1:0]           o_acc
);

  generate
    if (LANES < BANKS || LANES < INPUT_BANKS || BANKS < 1 || INPUT_BANKS < 1
        || (LANES & (LANES - 1)) != 0 || (BANKS & (BANKS - 1)) != 0
        || (INPUT_BANKS & (INPUT_BANKS - 1)) != 0) begin : gen_bounds_banks
      ht_error_lanes_banks_must_be_powers_of_two_up_to_lanes u_error ();
    end
  endgenerate

  // The words of the result buffer, sorted to the lanes that share the low bits.
  wire [BANKS*ACT_W-1:0] result;
  ht_select #(
    .LANES       (BANKS),
    .WIDTH       (ACT_W),
    .KEEP_ALWAYS (BANK_ALWAYS),
    .KEEP_NEVER  (BANK_NEVER)
  ) u_result (
    .i_sel  (i_sel),
    .i_keep (i_keep),
    .i_data (i_result),
    .o_data (result)
  );

  wire [ACT_W-1:0] hidden = i_hidden & {ACT_W{!(i_source[0] && i_fresh)}};

  // Stage 1 of the lanes is their operand register; accumulation is two clocks after it.
  reg [1:0] valid_q, first_q;

  // valid_q: a product is on its way; needs no reset, sums begin with i_first
  always @(posedge i_clk) valid_q <= {valid_q[0], i_valid};

  // first_q: it starts a sum; needs no reset
  always @(posedge i_clk) first_q <= {first_q[0], i_first};

  genvar l;
  generate for (l = 0; l < LANES; l = l + 1) begin : gen_lane
    wire [ACT_W:0]   from_input  = i_input[(l%INPUT_BANKS)*(ACT_W+1) +: ACT_W+1];
    wire [ACT_W-1:0] from_result = result[(l%BANKS)*ACT_W +: ACT_W];
    wire [ACT_W-1:0] of_input    = from_input[ACT_W-1:0] & {ACT_W{!(from_input[ACT_W] && i_fresh)}};
    wire [ACT_W-1:0] act         = i_source[1] ? hidden
                                 : i_source[0] ? from_result : of_input;
    wire [WGT_W-1:0] weight      = i_weights[l*WGT_W +: WGT_W];
    if (LANES_USED[l]) begin : gen_used
      ht_mac #(
        .ACT_W (ACT_W),
        .WGT_W (WGT_W),
        .ACC_W (ACC_W)
      ) u_mac (
        .i_clk       (i_clk),
        .i_act       (act),
        .i_wgt       (weight),
        .i_acc_en    (valid_q[1]),
        .i_acc_first (first_q[1]),
        .o_acc       (o_acc[l*ACC_W +: ACC_W])
      );
    end else begin : gen_unused
      // Sums of products with zero weights are zero, like the weights.
      wire unused_act = &{1'b0, act};
      assign o_acc[l*ACC_W +: ACC_W] = {{(ACC_W-WGT_W){weight[WGT_W-1]}}, weight};
    end
  end endgenerate

endmodule

`default_nettype wire
