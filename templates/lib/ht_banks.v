// ht_banks.v: the result buffer, BANKS memories that are read at one address
//
// Word w = group * LANES + lane lies in bank w mod BANKS. Writes come DRAINS words at a time, lane
// = drain * DRAINS + r from requantizer r, so no two writes go to the same bank.
//
// Static library module of htgen: not generated, safe to read and edit.
// SPDX-License-Identifier: MIT OR Apache-2.0
`default_nettype none

module ht_banks #(
  parameter LANES   = 4,   // lanes, a power of two
  parameter DRAINS  = 1,   // words written at once, a power of two up to BANKS
  parameter BANKS   = 1,   // memories, a power of two up to LANES
  parameter WIDTH   = 12,  // word width, bits
  parameter GROUPS  = 2,   // groups of LANES words
  parameter OUT_AW  = 8,   // group address, bits
  parameter ACT_AW  = 12,  // word address, bits
  parameter DRAIN_W = (LANES <= DRAINS) ? 1 : $clog2(LANES / DRAINS)  // derived, do not set
) (
  input  wire                    i_clk,

  // write port
  input  wire                    i_we,
  input  wire [OUT_AW-1:0]       i_group,
  input  wire [DRAIN_W-1:0]      i_drain,
  input  wire [DRAINS*WIDTH-1:0] i_wdata,

  // read port: bank bits of the address are left to the reader
  input  wire [ACT_AW-1:0]       i_raddr,
  output wire [BANKS*WIDTH-1:0]  o_rdata   // one clock later, bank 0 in the low bits
);

  generate
    if (WIDTH < 1 || GROUPS < 1) begin : gen_bounds_size
      ht_error_banks_size_out_of_bounds u_error ();
    end
    if (LANES < BANKS || BANKS < DRAINS || DRAINS < 1
        || (LANES & (LANES - 1)) != 0 || (BANKS & (BANKS - 1)) != 0
        || (DRAINS & (DRAINS - 1)) != 0) begin : gen_bounds_powers
      ht_error_banks_must_be_a_power_of_two_from_drains_to_lanes u_error ();
    end
  endgenerate

  localparam BANK_W = $clog2(BANKS);                 // 0 for one bank
  localparam SPREAD = BANKS / DRAINS;                // drains that fill one row of banks
  localparam ROWS   = LANES / BANKS;                 // rows of banks in a group
  localparam DEPTH  = (GROUPS * ROWS < 2) ? 2 : GROUPS * ROWS;
  localparam ADDR_W = $clog2(DEPTH);
  localparam ROW_W  = $clog2(ROWS);
  localparam FULL_W = OUT_AW + ROW_W + 1;

  wire [31:0] drain = {{(32-DRAIN_W){1'b0}}, i_drain};
  wire [31:0] row   = drain / SPREAD;
  wire [31:0] turn  = drain % SPREAD;

  wire [FULL_W-1:0] waddr_full = ({{(ROW_W+1){1'b0}}, i_group} << ROW_W) | row[FULL_W-1:0];
  wire [ACT_AW-1:0] raddr_full = i_raddr >> BANK_W;
  wire [ADDR_W-1:0] waddr, raddr;
  ht_resize #(.IN_W (FULL_W), .OUT_W (ADDR_W)) u_waddr (.i_data (waddr_full), .o_data (waddr));
  ht_resize #(.IN_W (ACT_AW), .OUT_W (ADDR_W)) u_raddr (.i_data (raddr_full), .o_data (raddr));
  wire unused = &{1'b0, row, turn};

  genvar b;
  generate for (b = 0; b < BANKS; b = b + 1) begin : gen_bank
    localparam [31:0] TURN = b / DRAINS;
    ht_ram #(
      .WIDTH (WIDTH),
      .DEPTH (DEPTH)
    ) u_ram (
      .i_clk   (i_clk),
      .i_we    (i_we && turn == TURN),
      .i_waddr (waddr),
      .i_wdata (i_wdata[(b%DRAINS)*WIDTH +: WIDTH]),
      .i_re    (1'b1),
      .i_raddr (raddr),
      .o_rdata (o_rdata[b*WIDTH +: WIDTH])
    );
  end endgenerate

endmodule

`default_nettype wire
