package job

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/seed-0772dd2d/ritz/pinn"
)

// check writes what the equations came to and what would be trained.
func (t *pinnTask) check(w io.Writer) error {
	trainer, ref, err := t.solver(t.settings)
	if err != nil {
		return err
	}
	info := trainer.Info()
	fmt.Fprintf(w, "%s: %s\n\nresiduals\n", t.job.Name, t.job.Kind)
	for i, r := range info.Residuals {
		if i < len(t.problem.Equations) {
			fmt.Fprintf(w, "  equation %-3d %s\n", i+1, r)
		} else {
			k := i - len(t.problem.Equations)
			if origin := t.origin(k); !strings.HasPrefix(r, origin) {
				r += "   (" + origin + ")"
			}
			fmt.Fprintf(w, "  condition %-2d %s\n", k+1, r)
		}
	}
	fmt.Fprint(w, "\nfields\n")
	for _, name := range t.problem.Fields {
		fmt.Fprintf(w, "  %s carries %s", name, strings.Join(info.Derivatives[name], ", "))
		if text := t.problem.Ansatz[name]; text != "" {
			fmt.Fprintf(w, "; is %s", text)
		} else if scale := info.Scale[name]; scale != 0 {
			fmt.Fprintf(w, "; scale %.6g", scale)
		}
		fmt.Fprintln(w)
	}
	n := t.settings.Network
	fmt.Fprintf(w, "\nnetworks %d, hidden layers %s, %s, %d trainable numbers\n", info.Networks,
		strings.Trim(strings.ReplaceAll(fmt.Sprint(n.Hidden), " ", " x "), "[]"), n.Activation, info.Weights)
	fmt.Fprintf(w, "memory about %s\n", size(info.Bytes))

	fmt.Fprint(w, "\nloss terms and their points\n")
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	for i, term := range info.Terms {
		fmt.Fprintf(tab, "  %d\t  %s\n", info.Points[i], term)
	}
	tab.Flush()
	fmt.Fprint(w, "\ntraining\n")
	for i, s := range info.Stages {
		fmt.Fprintf(w, "  %d. %s\n", i+1, stageText(s))
	}
	if ref != nil {
		fmt.Fprintf(w, "\nreference at %d points\n", len(ref.Points)/len(t.problem.Domain))
	}
	return nil
}

// origin is what the job says of a condition: its text or its file.
func (t *pinnTask) origin(condition int) string {
	for _, d := range t.data {
		if d.condition == condition {
			return d.node.text
		}
	}
	return t.problem.Conditions[condition].Text
}

// size prints a number of bytes.
func size(bytes int64) string {
	if bytes < 999_500_000 {
		return fmt.Sprintf("%.0f MB", max(1, float64(bytes)/1e6))
	}
	return fmt.Sprintf("%.1f GB", float64(bytes)/1e9)
}

func stageText(s pinn.Stage) string {
	text := fmt.Sprintf("%s, at most %d iterations on the %s", s.Optimizer, s.Iterations, map[string]string{
		"loss": "loss", "sqrt": "square root of the loss", "log": "logarithm of the loss"}[s.Objective])
	if s.Rate > 0 {
		text += ", rate " + format(s.Rate)
	}
	if s.Tolerance > 0 {
		text += ", until it is below " + format(s.Tolerance)
	}
	return text
}
