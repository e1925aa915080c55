// ht_resize.v: an unsigned number in another width
//
// Widens with zeros; narrows by dropping upper bits, which the caller knows to be zero. Exists so
// that widths that depend on parameters can be connected without warnings.
//
// Static library module of htgen: not generated, safe to read and edit.
// SPDX-License-Identifier: MIT OR Apache-2.0
`default_nettype none

module ht_resize #(
  parameter IN_W  = 8,  // bits, >= 1
  parameter OUT_W = 8   // bits, >= 1
) (
  input  wire [IN_W-1:0]  i_data,
  output wire [OUT_W-1:0] o_data
);

  generate
    if (IN_W < 1 || OUT_W < 1) begin : gen_bounds_width
      ht_error_resize_width_must_be_at_least_1 u_error ();
    end
  endgenerate

  generate if (OUT_W > IN_W) begin : gen_widen
    assign o_data = {{(OUT_W-IN_W){1'b0}}, i_data};
  end else if (OUT_W == IN_W) begin : gen_same
    assign o_data = i_data;
  end else begin : gen_narrow
    assign o_data = i_data[OUT_W-1:0];
    wire unused_upper = &{1'b0, i_data[IN_W-1:OUT_W]};
  end endgenerate

endmodule

`default_nettype wire
