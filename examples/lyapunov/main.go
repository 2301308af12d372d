// Lyapunov computes the Lyapunov exponents of the Lorenz system over a range of rho,
// one task of a distributed job for each, and draws them: where the largest is
// positive there is chaos, with windows of cycles in it.
//
//	go run ./examples/lyapunov [-n 240] [-o lyapunov.png]
//
// By itself it works on all cores of this machine. With -connect it is the client of
// a coordinator whose workers are this same program, built and started as
//
//	PROGRAM worker --connect nats://host:4222
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"

	"github.com/seed-0772dd2d/ritz/distributed"
	"github.com/seed-0772dd2d/ritz/figure"
)

func main() {
	distributed.Register("spectrum", spectrum)
	distributed.Main()
	n := flag.Int("n", 240, "values of rho")
	time := flag.Float64("time", 400, "of each orbit")
	url := flag.String("connect", "", "`address` of a coordinator; RITZ_TOKEN has its token")
	out := flag.String("o", "lyapunov.png", "`file` of the picture")
	flag.Parse()
	if err := run(context.Background(), *url, *n, *time, *out); err != nil {
		log.Fatal(err)
	}
}

// orbit is what a task is told.
type orbit struct {
	lorenz
	Time, Step float64
}

// spectrum is the registered function: an orbit, as JSON, in; three exponents out.
func spectrum(_ context.Context, data []byte) ([]byte, error) {
	var o orbit
	if err := json.Unmarshal(data, &o); err != nil {
		return nil, err
	}
	lambda, err := o.spectrum(o.Time, o.Step)
	if err != nil {
		return nil, err
	}
	return json.Marshal(lambda)
}

func run(ctx context.Context, url string, n int, time float64, out string) (err error) {
	client, stop, err := connect(ctx, url)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	rho := []float64{28}
	for i := 1; i < n; i++ {
		rho = append(rho, 250*float64(i)/float64(n))
	}
	lambda, err := sweep(ctx, client, rho, time)
	if err != nil {
		return err
	}
	first := lambda[0]
	fmt.Printf("rho = 28: %.4f %+.4f %.4f, sum %.4f\n", first[0], first[1], first[2], first[0]+first[1]+first[2])
	return figure.Save(out, 0, 0, picture(rho[1:], lambda[1:]))
}

func connect(ctx context.Context, url string) (*distributed.Client, func() error, error) {
	if url == "" {
		return distributed.Local(ctx, "", distributed.WorkerSettings{})
	}
	client, err := distributed.Connect(ctx, distributed.ConnectSettings{URL: url, Token: os.Getenv("RITZ_TOKEN")})
	return client, func() error { client.Close(); return nil }, err
}

// sweep is the spectrum for each rho, in order. Results are shown as they come.
func sweep(ctx context.Context, client *distributed.Client, rho []float64, time float64) ([][3]float64, error) {
	job := distributed.Job{Name: "lyapunov", Kind: "function", Function: "spectrum"}
	for _, r := range rho {
		data, err := json.Marshal(orbit{lorenz{10, r, 8. / 3}, time, 0.002})
		if err != nil {
			return nil, err
		}
		job.Tasks = append(job.Tasks, distributed.Task{Data: data})
	}
	id, err := client.Submit(ctx, job)
	if err != nil {
		return nil, err
	}
	lambda, done := make([][3]float64, len(rho)), 0
	for result, err := range client.Results(ctx, id) {
		if err == nil {
			err = json.Unmarshal(result.Data, &lambda[result.Task])
		}
		if err != nil {
			return nil, err
		}
		if done++; done%20 == 0 || done == len(rho) {
			fmt.Printf("%d of %d\n", done, len(rho))
		}
	}
	return lambda, nil
}

// picture shows the two largest exponents; the third is what is left of the sum.
func picture(rho []float64, lambda [][3]float64) figure.Panel {
	p := figure.Lines{Title: "Lyapunov exponents of the Lorenz system, σ = 10, β = 8/3", XLabel: "ρ", YLabel: "λ"}
	for i, name := range []string{"λ1", "λ2"} {
		y := make([]float64, len(lambda))
		for k, l := range lambda {
			y[k] = l[i]
		}
		p.Series = append(p.Series, figure.Series{Name: name, X: rho, Y: y})
	}
	zero := figure.Series{X: []float64{0, rho[len(rho)-1]}, Y: []float64{0, 0}, Style: figure.Dashed}
	p.Series = append(p.Series, zero)
	return p
}
