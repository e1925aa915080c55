// ht_table.v: a constant table in LUTs, read without a clock, from an image file
//
// For a few dozen words (loop bounds, shifts): latency 0, and never block RAM, even if a register
// follows the output. For anything larger see ht_rom.
//
// Static library module of htgen: not generated, safe to read and edit.
// SPDX-License-Identifier: MIT OR Apache-2.0
`default_nettype none

module ht_table #(
  parameter FILE   = "",                                // image for $readmemh; empty: zeros
  parameter WIDTH  = 1,                                 // word width, bits, >= 1
  parameter DEPTH  = 2,                                 // words, 2..256
  parameter ADDR_W = (DEPTH < 2) ? 1 : $clog2(DEPTH)    // derived, do not set
) (
  input  wire [ADDR_W-1:0] i_addr,    // < DEPTH
  output wire [WIDTH-1:0]  o_data     // the same clock
);

  generate
    if (WIDTH < 1 || DEPTH < 2 || DEPTH > 256) begin : gen_bounds_size
      ht_error_table_size_out_of_bounds u_error ();
    end

    // Without an image a few words are accepted: yosys elaborates the defaults of every module on
    // its way.
    if (FILE == "" && DEPTH > 8) begin : gen_bounds_file
      ht_error_table_file_must_be_named u_error ();
    end

    if (FILE == "") begin : gen_no_image
      wire unused = &{1'b0, i_addr};
      assign o_data = {WIDTH{1'b0}};
    end else begin : gen_table
      (* rom_style = "logic", ram_style = "logic" *)
      reg [WIDTH-1:0] mem [0:DEPTH-1];

      // mem: constant
      initial $readmemh(FILE, mem);

      assign o_data = mem[i_addr];
    end
  endgenerate

endmodule

`default_nettype wire
