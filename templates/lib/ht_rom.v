// ht_rom.v: block ROM with a registered output, read from an image file
//
// Read latency 1: o_data is the word at i_addr of the last clock with i_re high, and holds
// otherwise. For tables of a few words see ht_table. A missing image is an error in yosys, but only
// a warning in a simulator, which continues with zeros: run it in the folder of the images and
// check the log.
//
// Static library module of htgen: not generated, safe to read and edit.
// SPDX-License-Identifier: MIT OR Apache-2.0
`default_nettype none

module ht_rom #(
  parameter FILE   = "",                                // image for $readmemh; empty: zeros
  parameter WIDTH  = 1,                                 // word width, bits, >= 1
  parameter DEPTH  = 2,                                 // words, >= 2
  parameter ADDR_W = (DEPTH < 2) ? 1 : $clog2(DEPTH)    // derived, do not set
) (
  input  wire              i_clk,

  // read port
  input  wire              i_re,
  input  wire [ADDR_W-1:0] i_addr,    // < DEPTH
  output wire [WIDTH-1:0]  o_data     // one clock after i_re
);

  generate
    if (WIDTH < 1 || DEPTH < 2) begin : gen_bounds_size
      ht_error_rom_size_out_of_bounds u_error ();
    end

    // Without an image a few words are accepted: yosys elaborates the defaults of every module on
    // its way.
    if (FILE == "" && DEPTH > 8) begin : gen_bounds_file
      ht_error_rom_file_must_be_named u_error ();
    end

    if (FILE == "") begin : gen_no_image
      wire unused = &{1'b0, i_clk, i_re, i_addr};
      assign o_data = {WIDTH{1'b0}};
    end else begin : gen_rom
      (* rom_style = "block", ram_style = "block" *)
      reg [WIDTH-1:0] mem [0:DEPTH-1];
      reg [WIDTH-1:0] data_q;

      // mem: constant
      initial $readmemh(FILE, mem);

      // data_q: the output register of the memory block; needs no reset
      always @(posedge i_clk)
        if (i_re) data_q <= mem[i_addr];

      assign o_data = data_q;
    end
  endgenerate

endmodule

`default_nettype wire
