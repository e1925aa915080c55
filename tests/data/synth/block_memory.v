// block_memory.v: one write port, one registered read port, for counting block memories
`default_nettype none

module block_memory #(
  parameter WORDS = 256, // depth
  parameter BITS = 16    // width
) (
  input  wire            i_clk,
  input  wire            i_write,
  input  wire [15:0]     i_write_addr,
  input  wire [BITS-1:0] i_data,
  input  wire [15:0]     i_addr,
  output reg  [BITS-1:0] o_data
);

  reg [BITS-1:0] words [0:WORDS-1];

  // words: the memory
  always @(posedge i_clk)
    if (i_write) words[i_write_addr] <= i_data;

  // o_data: the word at the address of the clock before
  always @(posedge i_clk)
    o_data <= words[i_addr];

endmodule

`default_nettype wire
