package notebooks

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// numbers are what each notebook shows, and between what it must be. Trainings
// follow the rounding of a processor: the bounds leave their errors a factor of
// about ten, which a wrong equation does not keep to.
var numbers = map[string][]struct {
	shown  string // its first group is the number
	lo, hi float64
}{
	"01_burgers": {
		{`(?m)^relative L2 error +(\S+)`, 1e-7, 3e-4},
		{`largest slope +(\S+)`, 151.9, 152.1},
		{`at t +(\S+)`, 0.509, 0.512},
		{`two sides differ by (\S+)`, 1e-7, 2e-3},
		{`(?m)^c +0\.5 +(\S+)`, 0.99, 1.01},
		{`(?m)^nu +0\.02 +(\S+)`, 0.0029, 0.0035},
	},
	"02_wave": {
		{`d'Alembert\nrelative L2 error +(\S+)`, 1e-6, 2e-3},
		{`up to (\S+) of it`, 1e-6, 2e-3},
		{`exact motion\nrelative L2 error +(\S+)`, 1e-8, 3e-4},
	},
	"03_kuramoto_sivashinsky": {
		{`(?m)^relative L2 error +(\S+)`, 1e-9, 1e-5},
		{`sum of all is at most (\S+)\.`, 1e-9, 3e-3},
		{`(?m)^u  +(\S+)`, 13.77, 13.79},
		{`(?m)^u_xxxx +\S+ +(\S+)`, 1e-9, 1e-4},
		{`crest at t = 0 +(\S+)`, -0.69316, -0.69313},
		{`(?m)^speed +(\S+)`, 1.9999, 2.0001},
	},
	"04_fokker_planck": {
		{`(?m)^relative L2 error +(\S+)`, 1e-10, 1e-5},
		{`mean of x\^2 +(\S+)`, 0.57140, 0.57142},
		{`mean of x\^2 +\S+ +\S+ +(\S+)`, 0.55, 0.59},
	},
	"05_system": {
		{`(?m)^u1 +(\S+)`, 1e-9, 1e-5},
		{`(?m)^u2 +(\S+)`, 1e-9, 1e-5},
		{`(?m)^u3 +(\S+)`, 1e-8, 2e-4},
		{`(?m)^x +(\S+)`, 1e-9, 1e-5},
		{`(?m)^y +(\S+)`, 1e-9, 1e-5},
		{`(?m)^tension +(\S+)`, 1e-8, 5e-4},
	},
	"06_branin_surrogates": {
		{`(?m)^inverse distance +(\S+)`, 21.4, 21.5},
		{`(?m)^Lobachevsky +(\d\S+)`, 0.44, 0.46},
		{`(?m)^neural network +(\S+)`, 0.05, 5},
		{`(?m)^Kriging +(\d\S+)`, 0.0150, 0.0165},
		{`as the inputs are +(\S+)`, 61, 62},
		{`parameters by hand +(\S+)`, 2.6, 2.7},
		{`Gaussian correlation +(\S+)`, 0.003, 0.005},
		{`\*\*(\S+) %\*\* of the points`, 99, 100},
	},
	"07_acoustic_waves": {
		{`time step +(\S+) ms`, 0.41, 0.42},
		{`largest pressure +(\S+)`, 4.5e4, 4.6e4},
		{`from the processor's +(\S+)`, 0, 1e-6},
	},
	"08_cluster": {
		{`relative error \*\*(\S+)\*\*`, 1e-11, 1e-6},
		{`10 +15 +(\S+)`, -0.37, -0.33},
		{`10 +28 +(\S+)`, 0.886, 0.926},
		{`10 +160 +(\S+)`, -0.01, 0.01},
	},
	"09_bayesian_optimisation": {
		{`(?m)^ +9 +\S+ +(\S+)`, -6.03, -5.9},
		{`minimum found +(\S+)`, 0.397887, 0.3985},
		{`least value, \*\*(\S+)\*\*`, -3.3224, -3.32},
	},
	"10_your_own_equation": {
		{`(?m)^relative L2 error +(\S+)`, 1e-6, 3e-3},
		{`(?m)^both +(\S+)`, 1e-7, 3e-4},
		{`(?m)^d +1 +(\S+)`, 0.26, 0.34},
		{`(?m)^r +0\.3 +(\S+)`, 0.95, 1.05},
		{`n = 1 +(\S+)`, 3.14158, 3.14160},
		{`n = 2 +(\S+)`, 4.35286, 4.35289},
		{`n = 3 +(\S+)`, 6.89680, 6.89690},
	},
}

// checkNumbers compares the numbers that a notebook shows with their bounds.
func checkNumbers(t *testing.T, name string, n notebook) {
	t.Helper()
	var all strings.Builder
	for _, c := range n.Cells {
		for _, o := range c.Outputs {
			all.WriteString(string(o.Data["text/plain"]) + "\n")
		}
	}
	text := all.String()
	require.NotEmpty(t, numbers[name], "the numbers of %s", name)
	for _, c := range numbers[name] {
		m := regexp.MustCompile(c.shown).FindStringSubmatch(text)
		if !assert.NotNil(t, m, "%s in\n%s", c.shown, text) {
			continue
		}
		x, err := strconv.ParseFloat(m[1], 64)
		assert.NoError(t, err, m[0])
		assert.True(t, c.lo <= x && x <= c.hi, "%s: not between %g and %g", m[0], c.lo, c.hi)
	}
	assert.NotContains(t, text, "false", "what should be equal")
}

// The notebooks as they are kept show the numbers that they should, are small,
// tell nothing of the machine that ran them, and have the same metadata, as of
// the command that renews them.
func TestKeptNotebooks(t *testing.T) {
	files, err := filepath.Glob("*.ipynb")
	require.NoError(t, err)
	require.Len(t, files, len(numbers))
	host, err := os.Hostname()
	require.NoError(t, err)
	var metadata map[string]any
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		var n notebook
		require.NoError(t, json.Unmarshal(data, &n))
		t.Run(strings.TrimSuffix(file, ".ipynb"), func(t *testing.T) {
			assert.Less(t, len(data), 600_000)
			told := regexp.MustCompile(`[A-Za-z0-9+/=]{200,}`).ReplaceAllString(string(data), "") // without pictures
			assert.NotRegexp(t, `[^\w.]/(root|work|tmp|Users)\b|/home/(?:[^j]|j[^o])`, told)
			assert.NotRegexp(t, `\b`+regexp.QuoteMeta(host)+`\b`, told)
			if metadata == nil {
				metadata = n.Metadata
			}
			assert.Equal(t, metadata, n.Metadata)
			checkNumbers(t, strings.TrimSuffix(file, ".ipynb"), n)
		})
	}
}
