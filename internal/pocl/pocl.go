// Package pocl is for tests of packages that compute on OpenCL: PoCL keeps what it
// compiles, and tests are not to leave it in the user's home.
package pocl

import (
	"os"
	"testing"
)

// Run runs the tests of a package with a folder of their own for what PoCL compiles, unless
// POCL_CACHE_DIR names one already, and returns the exit code.
func Run(m *testing.M) int {
	const variable = "POCL_CACHE_DIR"
	if os.Getenv(variable) == "" {
		folder, err := os.MkdirTemp("", "pocl")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(folder)
		os.Setenv(variable, folder)
	}
	return m.Run()
}
