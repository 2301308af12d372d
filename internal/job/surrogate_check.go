package job

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// check writes what would be evaluated, fitted and searched.
func (t *surrogateTask) check(w io.Writer) error {
	if err := t.prepare(); err != nil {
		return err
	}
	fmt.Fprintf(w, "%s: %s\n\n%s = %s\n\ninputs\n", t.job.Name, t.job.Kind, t.response, t.functionText())
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for i, name := range t.names {
		fmt.Fprintf(tab, "  %s\t[%s, %s]\n", name, format(t.lower[i]), format(t.upper[i]))
	}
	tab.Flush()
	if t.plan != nil {
		fmt.Fprintf(w, "\nsamples %d, %s\n", t.samples(), planText(*t.plan))
	} else {
		fmt.Fprintf(w, "\nsamples %d, the rows of %s\n", t.samples(), t.data.node.text)
	}
	if t.auto {
		fmt.Fprintln(w, "\nmodels auto: the best of")
		for _, name := range candidateNames() {
			fmt.Fprintf(w, "  %s\n", name)
		}
	} else if len(t.models) > 0 {
		fmt.Fprintln(w, "\nmodels")
		for _, m := range t.models {
			fmt.Fprintf(w, "  %s", m.name)
			if m.name != m.kind {
				fmt.Fprintf(w, " (%s)", m.kind)
			}
			fmt.Fprintln(w)
		}
	}
	if t.auto || len(t.models) > 0 {
		fmt.Fprintf(w, "validated %s\n", t.validationText())
	}
	if o := t.optimize; o != nil {
		verb := "minimise"
		if o.settings.Maximise {
			verb = "maximise"
		}
		fmt.Fprintf(w, "\n%s by %s, at most %d evaluations beyond the sample\n", verb, o.method, o.settings.Evaluations)
		for _, c := range o.constraints {
			fmt.Fprintf(w, "  where %s\n", c.text)
		}
	}
	if i := t.indices; i != nil {
		of := "the best model"
		if i.model != "" {
			of = "the model " + i.model
		} else if t.cheap() {
			of = "the function"
		}
		sets := len(t.names) + 2
		if i.SecondOrder {
			sets += len(t.names)
		}
		fmt.Fprintf(w, "\nSobol' indices of %s from %d evaluations\n", of, i.Samples*sets)
	}
	return nil
}

func (t *surrogateTask) validationText() string {
	switch {
	case t.validate.grid != nil:
		n := 1
		for _, levels := range t.validate.grid {
			n *= levels
		}
		return fmt.Sprintf("on a grid of %d points", n)
	case t.validate.data.node != nil:
		return fmt.Sprintf("on the %d rows of %s", t.test.Rows(), t.validate.data.node.text)
	case t.validate.loo:
		return "by leave-one-out"
	}
	return fmt.Sprintf("by %d folds", min(t.validate.folds, t.samples()))
}
