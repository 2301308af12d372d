package csvscan

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Halves of the last digit, ends of the range of integers, and what the format of
// numbers leaves to strconv.
func TestNumber(t *testing.T) {
	for text, taken := range map[string]bool{
		"0": true, "-0": true, "+1": true, "1.": true, ".5": true, "-.5": true, "1e5": true, "1E-5": true, "1.5e+3": true,
		"9007199254740993": true, "9007199254740992.5": true, "18446744073709551615": false, "9999999999999999999": true,
		"0.1234567890123456789": true, "00000000000000000000000001.5": true, "0.00000000000000000000001": false,
		"123456789012345678.9": true, "0.30000000000000004": true, "1e22": true, "1e23": false, "12345678": true, "1234567812345678": true,
		"1e-22": true, "1e400": false, "1e-400": false, "": false, ".": false, "-": false, "e5": false, "1e": false, "1e+": false, "nan": false,
		"4503599627370497.5": true, "4503599627370496.5": true, "9007199254740991.5": true, "0e999999": false,
	} {
		x, n := ParsePrefix([]byte(text))
		require.Equal(t, taken, n == len(text) && n > 0, text)
		if taken {
			want, err := strconv.ParseFloat(text, 64)
			require.NoError(t, err)
			require.Equal(t, math.Float64bits(want), math.Float64bits(x), text)
		}
	}
	x, n := ParsePrefix([]byte("12.5,7"))
	assert.Equal(t, 12.5, x)
	assert.Equal(t, 4, n)
	for text, want := range map[string]float64{" 1e23 ": 1e23, "inf": math.Inf(1), "-Infinity": math.Inf(-1), "1e400": math.Inf(1), "1e-400": 0} {
		x, ok := Parse([]byte(text))
		assert.True(t, ok, text)
		assert.Equal(t, want, x, text)
	}
	for _, text := range []string{"", "x", "1_000", "0x1p4", "1 2", "--1"} {
		_, ok := Parse([]byte(text))
		assert.False(t, ok, text)
	}
}

// Decimal is the correctly rounded quotient, also where it is a tie.
func TestDecimalRounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := rapid.Uint64().Draw(t, "m")
		e := rapid.IntRange(-22, 22).Draw(t, "e")
		x, ok := Decimal(m, e)
		if !ok {
			return
		}
		want, err := strconv.ParseFloat(fmt.Sprintf("%de%d", m, e), 64)
		require.NoError(t, err)
		require.Equal(t, want, x)
	})
	// m/2^k is a tie at 54 significant bits: 10^k = 2^k 5^k.
	for k := range 10 {
		for _, odd := range []uint64{1<<53 + 1, 1<<53 + 3, 1<<54 - 1} {
			five := new(big.Int).Exp(big.NewInt(5), big.NewInt(int64(k)), nil)
			m := new(big.Int).Mul(new(big.Int).SetUint64(odd), five)
			if !m.IsUint64() {
				continue
			}
			x, ok := Decimal(m.Uint64(), -k)
			require.True(t, ok)
			want, _ := new(big.Rat).SetFrac(m, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(k)), nil)).Float64()
			require.Equal(t, want, x, "%d 5^%d", odd, k)
		}
	}
}

func TestWrittenNumbersAreReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.Float64().Draw(t, "x")
		for _, text := range []string{strconv.FormatFloat(want, 'g', -1, 64), strconv.FormatFloat(want, 'g', 17, 64), strconv.FormatFloat(want, 'e', -1, 64)} {
			x, ok := Parse([]byte(text))
			require.True(t, ok)
			require.Equal(t, math.Float64bits(want), math.Float64bits(x), text)
		}
	})
}

func FuzzNumber(f *testing.F) {
	for _, s := range []string{"1.5", "-0.1e-5", "12345678901234567890", "1e", "0.30000000000000004", "00000000000000000000.1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		x, n := ParsePrefix([]byte(s))
		if n == 0 {
			return
		}
		want, err := strconv.ParseFloat(s[:n], 64)
		require.NoError(t, err)
		require.Equal(t, math.Float64bits(want), math.Float64bits(x), s)
	})
}
