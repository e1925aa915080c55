// ht_skid.v: holds one word between two streams so that ready is registered
//
// Without it a chain of stages has one combinational path from the last ready to the first. The
// stream contract of every htgen module: a word moves on each clock where valid and ready are both
// high; valid never waits for ready; once valid is high, valid and data stay until the word has
// moved. Forward path: combinational (0 clocks). Throughput: one word per clock.
//
// Static library module of htgen: not generated, safe to read and edit.
// SPDX-License-Identifier: MIT OR Apache-2.0
`default_nettype none

module ht_skid #(
  parameter DATA_W = 16 // word width, bits, >= 1
) (
  input  wire              i_clk,
  input  wire              i_rst,       // synchronous, active high

  // in: stream from the producer
  input  wire              i_in_valid,
  output wire              o_in_ready,  // a register: high when the spare place is free
  input  wire [DATA_W-1:0] i_in_data,

  // out: stream to the consumer
  output wire              o_out_valid,
  input  wire              i_out_ready,
  output wire [DATA_W-1:0] o_out_data
);

  generate if (DATA_W < 1) begin : gen_bounds
    ht_error_skid_data_w_must_be_at_least_1 u_error ();
  end endgenerate

  reg              spare_valid_q;
  reg [DATA_W-1:0] spare_q;

  assign o_in_ready  = !spare_valid_q;
  assign o_out_valid = spare_valid_q || i_in_valid;
  assign o_out_data  = spare_valid_q ? spare_q : i_in_data;

  // spare_valid_q: a word was accepted that the consumer has not taken yet
  always @(posedge i_clk)
    if (i_rst) spare_valid_q <= 1'b0;
    else       spare_valid_q <= o_out_valid && !i_out_ready;

  // spare_q: that word; follows the input while the place is free; needs no reset
  always @(posedge i_clk)
    if (o_in_ready) spare_q <= i_in_data;

`ifdef FORMAL
  reg f_past_q = 1'b0;
  always @(posedge i_clk) f_past_q <= 1'b1;
  always @(*) if (!f_past_q) assume (i_rst);

  // The producer keeps the contract ...
  always @(posedge i_clk)
    if (f_past_q && !$past(i_rst) && $past(i_in_valid && !o_in_ready))
      assume (i_in_valid && $stable(i_in_data));

  // Rule 1: ... so this module keeps it towards the consumer.
  always @(posedge i_clk)
    if (f_past_q && !$past(i_rst) && !i_rst && $past(o_out_valid && !i_out_ready))
      assert (o_out_valid && $stable(o_out_data));

  // Rule 2: a word that was accepted but not passed on is the next one to leave.
  always @(posedge i_clk)
    if (f_past_q && !$past(i_rst)
        && $past(i_in_valid && o_in_ready && !i_out_ready))
      assert (o_out_valid && o_out_data == $past(i_in_data));

  // Rule 3: nothing leaves that did not come: valid without input means a kept word.
  always @(posedge i_clk)
    if (f_past_q && !$past(i_rst) && o_out_valid && !i_in_valid)
      assert ($past(o_out_valid && !i_out_ready));
`endif

endmodule

`default_nettype wire
