// tb_ht_cell_gru.cpp: as for ht_cell, with the same ports and beats; z are those of r, z and of the
// candidate's products with h and with x
// SPDX-License-Identifier: MIT OR Apache-2.0
#include "tb_ht_cell.cpp"
