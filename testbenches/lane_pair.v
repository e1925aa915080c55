// lane_pair.v: one lane of the library next to the same lane described in rust-hdl
//
// Both get the same operands on every clock; tb_lane_pair.cpp compares them. The
// module lane_rusthdl is written by tests/it/lane_rusthdl.rs.
// SPDX-License-Identifier: MIT OR Apache-2.0
`default_nettype none

module lane_pair #(
  parameter ACC_W = 40, // accumulator width, bits
  parameter SHIFT = 12  // fraction bits dropped
) (
  input  wire                    i_clk,

  input  wire signed [15:0]      i_act,
  input  wire signed [15:0]      i_wgt,
  input  wire                    i_acc_en,
  input  wire                    i_acc_first,

  // lane: the library's
  output wire signed [ACC_W-1:0] o_lane_acc,
  output wire signed [15:0]      o_lane_data,

  // other: rust-hdl's
  output wire signed [ACC_W-1:0] o_other_acc,
  output wire signed [15:0]      o_other_data
);

  ht_mac #(
    .ACT_W (16),
    .WGT_W (16),
    .ACC_W (ACC_W)
  ) u_mac (
    .i_clk       (i_clk),
    .i_act       (i_act),
    .i_wgt       (i_wgt),
    .i_acc_en    (i_acc_en),
    .i_acc_first (i_acc_first),
    .o_acc       (o_lane_acc)
  );

  wire unused_saturated;

  ht_requant #(
    .ACC_W      (ACC_W),
    .OUT_W      (16),
    .NARROW_W   (16),
    .SHIFT_MIN  (SHIFT),
    .SHIFT_SPAN (0)
  ) u_requant (
    .i_clk       (i_clk),
    .i_acc       (o_lane_acc),
    .i_shift     (1'b0),
    .i_narrow    (1'b0),
    .o_data      (o_lane_data),
    .o_saturated (unused_saturated)
  );

  lane_rusthdl u_other (
    .clock     (i_clk),
    .act       (i_act),
    .wgt       (i_wgt),
    .acc_en    (i_acc_en),
    .acc_first (i_acc_first),
    .acc       (o_other_acc),
    .data      (o_other_data)
  );

endmodule

`default_nettype wire
