#!/bin/sh
# make-voices.sh OUT.npz [VARIANTS]
#
# Spoken digits by the voice variants of espeak-ng, as a data set for the model of this folder: each
# variant says every digit twice, in a random English accent, at a random speed (130 to 200 words a
# minute) and pitch (30 to 70); sox trims the silence at both ends and resamples to 8 kHz; htgen
# computes the features.  Ten variants that hardly speak like people are left out, and then variants
# 0, 5, 10 and so on of the sorted list.  VARIANTS takes only so many of the rest.  Needs espeak-ng
# and sox (Debian packages of these names); HTGEN names the program when it is not on PATH.
# SPDX-License-Identifier: MIT OR Apache-2.0
set -eu

[ $# -ge 1 ] || { sed -n '2,10s/^# \{0,1\}//p' "$0" >&2; exit 2; }
out=$1
limit=${2:-1000}
htgen=${HTGEN:-htgen}
for tool in espeak-ng sox "$htgen"; do
  command -v "$tool" >/dev/null || { echo "make-voices: $tool is missing" >&2; exit 2; }
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 2' INT TERM

# The same numbers on every machine: a linear congruential generator, its upper bits.
state=1
between() { # LOW HIGH: sets `drawn`
  state=$(((state * 1103515245 + 12345) & 0x7fffffff))
  drawn=$(($1 + (state >> 8) % ($2 - $1 + 1)))
}

accent_of() {
  case $1 in
    0) echo en-gb ;; 1) echo en-us ;; 2) echo en-gb-scotland ;; 3) echo en-gb-x-rp ;; *) echo en-029 ;;
  esac
}

# One name a line, in the order of bytes; the file's name behind the last "!v/".
espeak-ng --voices=variant | sed -n 's/.*!v\/\([^(]*[^( ]\).*/\1/p' | LC_ALL=C sort -u |
  grep -vx -e AnxiousAndy -e Demonic -e Storm -e Tweaky -e UniRobot -e anikaRobot -e croak -e fast \
    -e whisper -e whisperf | awk '(NR - 1) % 5 != 0' | head -n "$limit" >"$work/variants"

# From 1.52 on the noise in a voice is another at every run, unless this option is given.
same=
! espeak-ng --help | grep -q '^-D[[:space:]]' || same=-D

mkdir "$work/wav"
while IFS= read -r variant; do
  speaker=$(printf '%s' "$variant" | tr -c 'A-Za-z0-9' '-')
  for digit in 0 1 2 3 4 5 6 7 8 9; do
    for take in 0 1; do
      between 0 4
      accent=$(accent_of "$drawn")
      between 130 200
      speed=$drawn
      between 30 70
      # shellcheck disable=SC2086 # no word or one
      espeak-ng $same -v "$accent+$variant" -s "$speed" -p "$drawn" -w "$work/raw.wav" "$digit" </dev/null
      # No dither, which would be another every time.
      sox -D "$work/raw.wav" -c 1 -b 16 "$work/wav/${digit}_${speaker}_$take.wav" \
        silence 1 0.01 0.5% reverse silence 1 0.01 0.5% reverse gain -1 rate 8000
    done
  done
done <"$work/variants"

"$htgen" data wav "$work/wav" -o "$out"
