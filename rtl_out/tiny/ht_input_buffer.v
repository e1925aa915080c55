// ht_input_buffer.v: the input vector, written several words at once, read bank by bank
//
// Word w lies in bank w mod BANKS; the words of a bank are spread over ELEMENTS memories, so that
// ELEMENTS words at distance BANKS, aligned, are written in one clock. A word carries a mark that
// says whether it was written as part of h.
//
// Static library module of htgen: not generated, safe to read and edit.
// SPDX-License-Identifier: MIT OR Apache-2.0
`default_nettype none

module ht_input_buffer #(
  parameter WIDTH    = 12,  // word width, bits
  parameter WORDS    = 2,   // words of all frames, a multiple of BANKS * ELEMENTS
  parameter BANKS    = 1,   // banks, a power of two
  parameter ELEMENTS = 1,   // words written at once, a power of two
  parameter ACT_AW   = 12   // word address, bits
) (
  input  wire                      i_clk,

  // x: ELEMENTS words, starting at an aligned address
  input  wire [ELEMENTS-1:0]       i_x_we,
  input  wire [ACT_AW-1:0]         i_x_addr,
  input  wire [ELEMENTS*WIDTH-1:0] i_x_data,

  // h: one word, never together with x
  input  wire                      i_h_we,
  input  wire [ACT_AW-1:0]         i_h_addr,
  input  wire [WIDTH-1:0]          i_h_data,

  // read port: bank bits of the address are left to the reader
  input  wire [ACT_AW-1:0]          i_raddr,
  output wire [BANKS*(WIDTH+1)-1:0] o_rdata  // one clock later: {mark, word} of each bank
);

  generate
    if (BANKS < 1 || ELEMENTS < 1
        || (BANKS & (BANKS - 1)) != 0 || (ELEMENTS & (ELEMENTS - 1)) != 0) begin : gen_bounds_powers
      ht_error_input_buffer_banks_and_elements_must_be_powers_of_two u_error ();
    end
    if (WORDS < 1 || WORDS % (BANKS * ELEMENTS) != 0) begin : gen_bounds_words
      ht_error_input_buffer_words_must_be_a_multiple_of_a_row u_error ();
    end
  endgenerate

  localparam BANK_W = $clog2(BANKS);
  localparam SUB_W  = $clog2(ELEMENTS);
  localparam SUBIDX_W = (ELEMENTS < 2) ? 1 : SUB_W;
  localparam DEPTH  = (WORDS / BANKS / ELEMENTS < 2) ? 2 : WORDS / BANKS / ELEMENTS;
  localparam ADDR_W = $clog2(DEPTH);

  wire [ACT_AW-1:0] waddr_any  = i_h_we ? i_h_addr : i_x_addr;
  wire [ACT_AW-1:0] waddr_full = waddr_any >> (BANK_W + SUB_W);
  wire [ACT_AW-1:0] raddr_full = i_raddr >> (BANK_W + SUB_W);
  wire [ADDR_W-1:0] waddr, raddr;
  ht_resize #(.IN_W (ACT_AW), .OUT_W (ADDR_W)) u_waddr (.i_data (waddr_full), .o_data (waddr));
  ht_resize #(.IN_W (ACT_AW), .OUT_W (ADDR_W)) u_raddr (.i_data (raddr_full), .o_data (raddr));

  // Which bank and which memory of it a word is in.
  wire [31:0] wbank = {{(32-ACT_AW){1'b0}}, waddr_any} % BANKS;
  wire [31:0] hsub  = ({{(32-ACT_AW){1'b0}}, i_h_addr} / BANKS) % ELEMENTS;
  wire [31:0] rsub  = ({{(32-ACT_AW){1'b0}}, i_raddr} / BANKS) % ELEMENTS;
  wire unused_rsub = &{1'b0, rsub};
  reg  [SUBIDX_W-1:0] rsub_q;

  // rsub_q: the memory that was read; needs no reset
  always @(posedge i_clk) rsub_q <= rsub[SUBIDX_W-1:0];

  genvar b, e;
  generate for (b = 0; b < BANKS; b = b + 1) begin : gen_bank
    localparam [31:0] BANK = b;
    wire [ELEMENTS*(WIDTH+1)-1:0] words;
    for (e = 0; e < ELEMENTS; e = e + 1) begin : gen_element
      localparam [31:0] SUB = e;
      wire we = (wbank == BANK) && (i_h_we ? hsub == SUB : i_x_we[e]);
      ht_ram #(
        .WIDTH (WIDTH + 1),
        .DEPTH (DEPTH)
      ) u_ram (
        .i_clk   (i_clk),
        .i_we    (we),
        .i_waddr (waddr),
        .i_wdata ({i_h_we, i_h_we ? i_h_data : i_x_data[e*WIDTH +: WIDTH]}),
        .i_re    (1'b1),
        .i_raddr (raddr),
        .o_rdata (words[e*(WIDTH+1) +: WIDTH+1])
      );
    end
    ht_pick #(.COUNT (ELEMENTS), .WIDTH (WIDTH + 1)) u_pick (
      .i_idx  (rsub_q),
      .i_data (words),
      .o_data (o_rdata[b*(WIDTH+1) +: WIDTH+1])
    );
  end endgenerate

endmodule

`default_nettype wire
