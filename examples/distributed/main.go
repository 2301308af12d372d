// Distributed runs a Go function as the tasks of a job: the volume of the unit ball
// in ten dimensions by Monte Carlo, 100 tasks of a million points.
//
//	go run ./examples/distributed
//
// Coordinator and worker are in this one program here. Built, it is a worker for
// coordinators elsewhere too: PROGRAM worker --connect nats://host:4222.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"math"
	"math/rand/v2"

	"github.com/seed-0772dd2d/ritz/distributed"
)

func main() {
	distributed.Register("ball", ball)
	distributed.Main() // ends here if it was started as a worker
	volume, sigma, err := run(context.Background(), 100, 1_000_000)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("volume %.4f ± %.4f, exactly %.4f\n", volume, sigma, exact)
}

var exact = math.Pow(math.Pi, 5) / 120

// sample is what a task is told: how many points, and its own stream of them.
type sample struct{ Points, Seed uint64 }

// ball counts the points of [-1, 1]^10 that are inside the unit ball.
func ball(ctx context.Context, data []byte) ([]byte, error) {
	var s sample
	if err := json.Unmarshal(data, &s); err != nil {
		return nil, err
	}
	random, inside := rand.New(rand.NewPCG(s.Seed, 0)), 0
	for range s.Points {
		r2 := 0.0
		for range 10 {
			x := 2*random.Float64() - 1
			r2 += x * x
		}
		if r2 < 1 {
			inside++
		}
	}
	return json.Marshal(inside)
}

// run estimates the volume and its standard deviation.
func run(ctx context.Context, tasks int, points uint64) (volume, sigma float64, err error) {
	client, stop, err := distributed.Local(ctx, "", distributed.WorkerSettings{})
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, stop()) }()

	job := distributed.Job{Name: "ball", Kind: "function", Function: "ball"}
	for i := range tasks {
		data, _ := json.Marshal(sample{points, uint64(i)})
		job.Tasks = append(job.Tasks, distributed.Task{Data: data})
	}
	results, err := client.Map(ctx, job)
	total := 0
	for _, r := range results {
		var inside int
		err = errors.Join(err, json.Unmarshal(r.Data, &inside))
		total += inside
	}
	n := float64(tasks) * float64(points)
	p := float64(total) / n
	return 1024 * p, 1024 * math.Sqrt(p*(1-p)/n), err
}
