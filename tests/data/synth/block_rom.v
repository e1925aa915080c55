// block_rom.v: one registered read port, for counting block memories; words of pseudo-random bits
`default_nettype none

module block_memory #(
  parameter WORDS = 256, // depth
  parameter BITS = 16    // width
) (
  input  wire            i_clk,
  input  wire [15:0]     i_addr,
  output reg  [BITS-1:0] o_data
);

  reg [BITS-1:0] words [0:WORDS-1];
  reg [31:0] random;
  integer word, half;
  reg [BITS+15:0] made;
  initial begin
    random = 32'd1;
    for (word = 0; word < WORDS; word = word + 1) begin
      made = 0;
      for (half = 0; half * 16 < BITS; half = half + 1) begin
        random = random * 32'd1103515245 + 32'd12345;
        made = (made << 16) | random[31:16];
      end
      words[word] = made[BITS-1:0];
    end
  end

  // o_data: the word at the address of the clock before
  always @(posedge i_clk)
    o_data <= words[i_addr];

endmodule

`default_nettype wire
