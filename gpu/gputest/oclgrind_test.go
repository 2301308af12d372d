package gputest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The suite under Oclgrind, which interprets kernels and checks calls: no data race, no
// access out of bounds, no fault of a call. Left out are tests that
// take long there, or use a context from several threads, for which it is not made.
func TestOclgrind(t *testing.T) {
	const library = "/usr/lib/oclgrind/liboclgrind-rt-icd.so"
	if _, err := os.Stat(library); err != nil {
		if os.Getenv("RITZ_REQUIRE_ENGINES") == "1" {
			t.Fatal(err)
		}
		t.Skipf("no Oclgrind: %v", err)
	}
	vendors := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(vendors, "oclgrind.icd"), []byte(library+"\n"), 0o600))
	child := exec.Command(os.Args[0], "-test.v", "-test.parallel=1", "-rapid.checks=20", "-test.run=^TestDevices$",
		"-test.skip=//(large_memory|too_much_memory|events|closed_device|goroutines|two_queues)")
	child.Env = append(os.Environ(), "OCL_ICD_VENDORS="+vendors+"/", "RITZ_OPENCL=", "RITZ_CUDA=off", "RITZ_HIP=off",
		"OCLGRIND_DATA_RACES=1", "OCLGRIND_CHECK_API=1")
	said, err := child.CombinedOutput()
	require.NoError(t, err, string(said))
	assert.Contains(t, string(said), "--- PASS: TestDevices/opencl:0/barriers")
	faults := strings.ReplaceAll(string(said), "CL_BUILD_PROGRAM_FAILURE", "") // of programs that must not compile
	assert.NotRegexp(t, `Error: +CL_|[Rr]ace at|Invalid (read|write)`, faults)
}
