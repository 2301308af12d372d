// Package bench measures ritz against the limits of the machine it runs on.
//
// Kernels takes, in one run, what the machine gives (multiply-adds a second
// without memory, bytes a second from memory) and what the kernels and the
// training step make of it, under every implementation of internal/simd that
// the CPU runs, on one thread and on all. "ritz bench kernels" prints its
// report; README.md says what each number is.
//
// The same work as Go benchmarks:
//
//	go test -bench 'Kernels/step/burgers_2-20x8-1/float64' ./bench
package bench
