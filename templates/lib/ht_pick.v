// ht_pick.v: one of COUNT words, no clock
//
// An AND-OR multiplexer; an index beyond the last of several words gives zero. Written out because
// an indexed part-select multiplies the index, and a synthesizer may take a DSP block for that.
//
// Static library module of htgen: not generated, safe to read and edit.
// SPDX-License-Identifier: MIT OR Apache-2.0
`default_nettype none

module ht_pick #(
  parameter COUNT = 2,                                // words, >= 1
  parameter WIDTH = 8,                                // word width, bits, >= 1
  parameter IDX_W = (COUNT < 2) ? 1 : $clog2(COUNT)   // derived, do not set
) (
  input  wire [IDX_W-1:0]       i_idx,
  input  wire [COUNT*WIDTH-1:0] i_data,  // word 0 in the low bits
  output wire [WIDTH-1:0]       o_data
);

  generate
    if (COUNT < 1 || WIDTH < 1) begin : gen_bounds_size
      ht_error_pick_size_out_of_bounds u_error ();
    end
  endgenerate

  generate if (COUNT < 2) begin : gen_only
    wire unused_idx = &{1'b0, i_idx};
    assign o_data = i_data;
  end else begin : gen_pick
    reg [WIDTH-1:0] word;
    integer k;
    always @(*) begin
      word = {WIDTH{1'b0}};
      for (k = 0; k < COUNT; k = k + 1)
        word = word | (i_data[k*WIDTH +: WIDTH] & {WIDTH{i_idx == k[IDX_W-1:0]}});
    end
    assign o_data = word;
  end endgenerate

endmodule

`default_nettype wire
