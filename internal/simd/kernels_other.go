//go:build !amd64

package simd

// vectorized returns no implementation: there is assembly for amd64 only.
func vectorized() []implementation { return nil }
