package job

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/seed-0772dd2d/ritz/surrogate"
)

// surrogateBody is the surrogate part of result.json.
type surrogateBody struct {
	Samples     samplesResult           `json:"samples"`
	Validation  string                  `json:"validation,omitempty"` // where the models were compared
	Models      map[string]*modelResult `json:"models"`
	Best        string                  `json:"best,omitempty"`   // the model with the least rmse
	Chosen      string                  `json:"chosen,omitempty"` // models: auto, the candidate
	Trials      []trialResult           `json:"trials,omitempty"`
	Optimum     *optimumResult          `json:"optimum,omitempty"`
	Sensitivity *sensitivityResult      `json:"sensitivity,omitempty"`
	Figures     []string                `json:"figures"`
}

type samplesResult struct {
	N      int `json:"n"`      // evaluations, or rows of the data
	Sample int `json:"sample"` // those before the optimisation
	Failed int `json:"failed"` // that have no value
}

type modelResult struct {
	RMSE            Number         `json:"rmse"`
	R2              Number         `json:"r2"`
	MAE             Number         `json:"mae"`
	Max             Number         `json:"max_abs"`
	Coverage        Number         `json:"coverage"` // of the 95 % intervals; null without a variance
	LOO             Number         `json:"loo_rmse"` // null where it has no closed form
	Hyperparameters map[string]any `json:"hyperparameters,omitempty"`
	Seconds         Number         `json:"seconds"` // of the fit
	Error           string         `json:"error,omitempty"`
}

func (r *modelResult) set(a surrogate.Accuracy) {
	r.RMSE, r.R2, r.MAE, r.Max, r.Coverage = Number(a.RMSE), Number(a.R2), Number(a.MAE), Number(a.Max), Number(a.Coverage)
	r.LOO = Number(math.NaN())
}

type trialResult struct {
	Name    string `json:"name"`
	RMSE    Number `json:"rmse"` // of the cross-validation
	Seconds Number `json:"seconds"`
	Error   string `json:"error,omitempty"`
}

func newTrial(t surrogate.Trial) trialResult {
	r := trialResult{Name: t.Name, RMSE: Number(t.Accuracy.RMSE), Seconds: Number(t.Seconds)}
	if t.Err != nil {
		r.RMSE, r.Error = Number(math.NaN()), t.Err.Error()
	}
	return r
}

type optimumResult struct {
	X           []float64 `json:"x"`
	Y           Number    `json:"y"`
	Mean        Number    `json:"mean,omitempty"` // noisy: of the model, at x
	Deviation   Number    `json:"deviation,omitempty"`
	Feasible    bool      `json:"feasible"`
	Evaluations int       `json:"evaluations"` // in all, the sample too
	Reason      string    `json:"reason"`      // why the search ended
}

type sensitivityResult struct {
	Of          string                 `json:"of"` // function, or the name of a model
	Mean        Number                 `json:"mean"`
	Variance    Number                 `json:"variance"`
	Evaluations int                    `json:"evaluations"`
	Failed      int                    `json:"failed"`
	First       map[string]indexResult `json:"first"`
	Total       map[string]indexResult `json:"total"`
	Second      map[string]indexResult `json:"second,omitempty"` // "x1*x2"
}

// indexResult is an index with its confidence interval.
type indexResult struct {
	Value Number `json:"value"`
	Lower Number `json:"lower"`
	Upper Number `json:"upper"`
}

func newIndex(i surrogate.Index) indexResult {
	return indexResult{Number(i.Value), Number(i.Lower), Number(i.Upper)}
}

func newSensitivity(of string, names []string, in *surrogate.Indices) *sensitivityResult {
	r := &sensitivityResult{Of: of, Mean: Number(in.Mean), Variance: Number(in.Variance), Evaluations: in.Evaluations, Failed: in.Failed,
		First: map[string]indexResult{}, Total: map[string]indexResult{}}
	for i, name := range names {
		r.First[name], r.Total[name] = newIndex(in.First[i]), newIndex(in.Total[i])
		for j := i + 1; in.Second != nil && j < len(names); j++ {
			if r.Second == nil {
				r.Second = map[string]indexResult{}
			}
			r.Second[name+"*"+names[j]] = newIndex(in.Second[i][j])
		}
	}
	return r
}

// hyperparameters are what a model has found or been given.
func hyperparameters(m surrogate.Model) map[string]any {
	switch m := m.(type) {
	case *surrogate.KrigingModel:
		h := m.Hyperparameters()
		out := map[string]any{"correlation": h.Correlation, "theta": h.Theta, "lengths": h.Lengths, "nugget": h.Nugget,
			"sigma2": h.Sigma2, "trend": h.Trend, "log_likelihood": Number(h.LogLikelihood)}
		if h.P != nil {
			out["p"] = h.P
		}
		return out
	case *surrogate.LobachevskyModel:
		return map[string]any{"nugget": m.Nugget()}
	case *surrogate.RadialBasisModel:
		return map[string]any{"shape": m.Shape(), "nugget": m.Nugget()}
	case *surrogate.PolynomialChaosModel:
		if alpha, _, err := m.Terms(0); err == nil {
			return map[string]any{"terms": len(alpha)}
		}
	case *surrogate.EnsembleModel:
		_, weights := m.Members()
		return map[string]any{"weights": weights}
	}
	return nil
}

func (b *surrogateBody) count(r *recorder, sample int) {
	b.Samples.N, b.Samples.Sample = r.made, min(sample, r.made)
	b.Samples.Failed, _ = r.failed()
}

// pickBest finds the model with the least RMSE.
func (b *surrogateBody) pickBest(fitted []fittedModel) {
	for _, m := range fitted {
		r := b.Models[m.name].RMSE
		if r == r && (b.Best == "" || r < b.Models[b.Best].RMSE) {
			b.Best = m.name
		}
	}
}

// modelErrors tells why models could not be fitted.
func (b *surrogateBody) modelErrors() string {
	var all []string
	for _, name := range sortedKeys(b.Models) {
		if e := b.Models[name].Error; e != "" {
			all = append(all, name+": "+e)
		}
	}
	return strings.Join(all, "; ")
}

func (b *surrogateBody) setFigures(files []string) { b.Figures = files }

// Summary prints the samples, a table of the models, the optimum and the indices.
func (b *surrogateBody) Summary(w io.Writer) {
	fmt.Fprintf(w, "%d samples", b.Samples.Sample)
	if more := b.Samples.N - b.Samples.Sample; more > 0 {
		fmt.Fprintf(w, ", which the models are fitted to, and %d evaluations of the search", more)
	}
	if b.Samples.Failed > 0 {
		fmt.Fprintf(w, ", %d of them failed", b.Samples.Failed)
	}
	fmt.Fprintln(w)
	for _, t := range b.Trials {
		if t.Error != "" {
			fmt.Fprintf(w, "  %s: %s\n", t.Name, t.Error)
		} else {
			fmt.Fprintf(w, "  %s: cross-validated rmse %.4g\n", t.Name, float64(t.RMSE))
		}
	}
	if len(b.Models) > 0 {
		b.table(w)
	}
	if o := b.Optimum; o != nil {
		x := make([]string, len(o.X))
		for i, v := range o.X {
			x[i] = fmt.Sprintf("%.6g", v)
		}
		fmt.Fprintf(w, "optimum %.8g at (%s), %d evaluations: %s\n", float64(o.Y), strings.Join(x, ", "), o.Evaluations, o.Reason)
		if !o.Feasible {
			fmt.Fprintln(w, "it does not satisfy the constraints: no evaluation does")
		}
	}
	if b.Sensitivity != nil {
		b.Sensitivity.summary(w)
	}
	if len(b.Figures) > 0 {
		fmt.Fprintf(w, "figures %s\n", strings.Join(b.Figures, ", "))
	}
}

// table prints the models, the best first.
func (b *surrogateBody) table(w io.Writer) {
	names := sortedKeys(b.Models)
	rank := func(name string) float64 {
		if r := float64(b.Models[name].RMSE); r == r && b.Models[name].Error == "" {
			return r
		}
		return math.Inf(1)
	}
	slices.SortStableFunc(names, func(a, c string) int { return cmp.Compare(rank(a), rank(c)) })
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(tab, "model (%s)\trmse\tR2\tmae\tlargest\tleave-one-out\tfit\n", b.Validation)
	for _, name := range names {
		r := b.Models[name]
		if r.Error != "" {
			continue
		}
		fmt.Fprintf(tab, "%s\t%s\t%s\t%s\t%s\t%s\t%.2g s\n", name, cell(r.RMSE), cell(r.R2), cell(r.MAE), cell(r.Max), cell(r.LOO), float64(r.Seconds))
	}
	tab.Flush()
	for _, name := range names {
		if e := b.Models[name].Error; e != "" {
			fmt.Fprintf(w, "%s: %s\n", name, e)
		}
	}
}

func cell(x Number) string {
	if x != x {
		return "-"
	}
	return fmt.Sprintf("%.4g", float64(x))
}

func (r *sensitivityResult) summary(w io.Writer) {
	fmt.Fprintf(w, "Sobol' indices of the %s: mean %.6g, variance %.6g\n", map[bool]string{true: "function", false: "model " + r.Of}[r.Of == ofFunction], float64(r.Mean), float64(r.Variance))
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tab, "  input\tfirst order\tinterval\ttotal\tinterval")
	names := sortedKeys(r.First)
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(r.Total[b].Value, r.Total[a].Value) })
	for _, name := range names {
		f, t := r.First[name], r.Total[name]
		fmt.Fprintf(tab, "  %s\t%.4f\t[%.4f, %.4f]\t%.4f\t[%.4f, %.4f]\n", name,
			float64(f.Value), float64(f.Lower), float64(f.Upper), float64(t.Value), float64(t.Lower), float64(t.Upper))
	}
	tab.Flush()
	for _, name := range sortedKeys(r.Second) {
		if i := r.Second[name]; i.Lower > 0 { // it is there
			fmt.Fprintf(w, "  %s together %.4f [%.4f, %.4f]\n", strings.Replace(name, "*", " and ", 1), float64(i.Value), float64(i.Lower), float64(i.Upper))
		}
	}
}
