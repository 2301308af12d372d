// Package bench holds the benchmarks of ritz.
//
//	go test -bench . ./bench
package bench
