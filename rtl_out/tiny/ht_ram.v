// ht_ram.v: block RAM with one write port and one read port on one clock
//
// Read latency 1: o_rdata is the word at i_raddr of the last clock with i_re high, and holds
// otherwise. All words are zero after configuration. The result of a read in the same clock as a
// write to the same address is undefined: the schedule never does it, and no_rw_check tells yosys
// so, which keeps comparators and bypass multiplexers out of the netlist.
//
// Static library module of htgen: not generated, safe to read and edit.
// SPDX-License-Identifier: MIT OR Apache-2.0
`default_nettype none

module ht_ram #(
  parameter WIDTH  = 16,                                // word width, bits, >= 1
  parameter DEPTH  = 256,                               // words, >= 2
  parameter ADDR_W = (DEPTH < 2) ? 1 : $clog2(DEPTH)    // derived, do not set
) (
  input  wire              i_clk,

  // write port
  input  wire              i_we,
  input  wire [ADDR_W-1:0] i_waddr,   // < DEPTH
  input  wire [WIDTH-1:0]  i_wdata,

  // read port
  input  wire              i_re,
  input  wire [ADDR_W-1:0] i_raddr,   // < DEPTH
  output wire [WIDTH-1:0]  o_rdata    // one clock after i_re
);

  generate
    if (WIDTH < 1) begin : gen_bounds_width
      ht_error_ram_width_must_be_at_least_1 u_error ();
    end
    if (DEPTH < 2) begin : gen_bounds_depth
      ht_error_ram_depth_must_be_at_least_2 u_error ();
    end
  endgenerate

  (* no_rw_check, ram_style = "block" *)
  reg [WIDTH-1:0] mem [0:DEPTH-1];
  reg [WIDTH-1:0] rdata_q;

  // mem: zero at configuration
  integer k;
  initial for (k = 0; k < DEPTH; k = k + 1) mem[k] = {WIDTH{1'b0}};

  // mem: the write port
  always @(posedge i_clk)
    if (i_we) mem[i_waddr] <= i_wdata;

  // rdata_q: the output register of the memory block; needs no reset
  always @(posedge i_clk)
    if (i_re) rdata_q <= mem[i_raddr];

  assign o_rdata = rdata_q;

`ifdef FORMAL
  // One word, chosen by the solver, stands for all of them.
  (* anyconst *) wire [ADDR_W-1:0] f_addr;
  reg [WIDTH-1:0] f_word_q = {WIDTH{1'b0}};
  reg             f_past_q = 1'b0;
  always @(posedge i_clk) f_past_q <= 1'b1;
  always @(posedge i_clk) if (i_we && i_waddr == f_addr) f_word_q <= i_wdata;
  always @(*) assume (f_addr < DEPTH && i_waddr < DEPTH && i_raddr < DEPTH);
  always @(*) assume (!(i_we && i_re && i_waddr == i_raddr));

  // Rule 1: a word keeps what was written last.
  always @(*) assert (mem[f_addr] == f_word_q);

  // Rule 2: a read returns it one clock later ...
  always @(posedge i_clk)
    if (f_past_q && $past(i_re && i_raddr == f_addr)) assert (o_rdata == $past(f_word_q));

  // Rule 3: ... and the output holds without a read.
  always @(posedge i_clk)
    if (f_past_q && !$past(i_re)) assert ($stable(o_rdata));
`endif

endmodule

`default_nettype wire
