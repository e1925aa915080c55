// sample_rom.v: coefficient memory with a registered read, one word for all lanes
//
// Test design of htgen's synthesis flow. Latency: one clock.
`default_nettype none

module sample_rom #(
  parameter WORD_W = 32,             // word width, bits
  parameter ADDR_W = 8,              // address width, bits
  parameter IMAGE  = "sample_rom.hex" // memory image
) (
  input  wire              i_clk,
  input  wire [ADDR_W-1:0] i_addr,
  output wire [WORD_W-1:0] o_word
);

  reg [WORD_W-1:0] words [0:(1 << ADDR_W)-1];
  reg [WORD_W-1:0] word_q;

  initial $readmemh(IMAGE, words);

  assign o_word = word_q;

  // word_q: the word at the address of the clock before; needs no reset
  always @(posedge i_clk)
    word_q <= words[i_addr];

endmodule

`default_nettype wire
