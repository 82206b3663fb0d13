// Command promql answers queries over given series with Prometheus' own parser and engine. It reads one JSON object
// from standard input and writes one to standard output.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/tsdb"
)

// input has series, in the notation of Prometheus' unit tests (`a{b="c"} 0x10 1+1x5`), and the expressions to evaluate
// at the time At. Interval and At are in seconds.
type input struct {
	Series      []string `json:"series"`
	Interval    int64    `json:"interval"`
	Expressions []string `json:"expressions"`
	At          int64    `json:"at"`
}

// answer is the answer to one expression: the series that it selects, and its result.
type answer struct {
	Selectors []selector `json:"selectors"`
	Result    []sample   `json:"result"`
}

type selector struct {
	Name     string    `json:"name"`
	Matchers []matcher `json:"matchers"`
}

type matcher struct {
	Label string `json:"label"`
	Type  string `json:"type"`
	Value string `json:"value"`
}

type sample struct {
	Labels map[string]string `json:"labels"`
	Value  string            `json:"value"`
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "promql:", err)
		os.Exit(1)
	}
}

func run() error {
	var in input
	if err := json.NewDecoder(os.Stdin).Decode(&in); err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "rayguard-promql.")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	db, err := tsdb.Open(folder, nil, nil, tsdb.DefaultOptions(), nil)
	if err != nil {
		return err
	}
	defer db.Close()
	expressions := parser.NewParser(parser.Options{})
	if err := load(db, expressions, in); err != nil {
		return err
	}
	engine := promql.NewEngine(promql.EngineOpts{MaxSamples: 1e6, Timeout: time.Minute, Parser: expressions})
	answers := []answer{}
	for _, text := range in.Expressions {
		expression, err := expressions.ParseExpr(text)
		if err != nil {
			return fmt.Errorf("%s: %w", text, err)
		}
		query, err := engine.NewInstantQuery(context.Background(), db, nil, text, time.Unix(in.At, 0))
		if err != nil {
			return fmt.Errorf("%s: %w", text, err)
		}
		vector, err := query.Exec(context.Background()).Vector()
		if err != nil {
			return fmt.Errorf("%s: %w", text, err)
		}
		answer := answer{Selectors: selectors(expression), Result: []sample{}}
		for _, found := range vector {
			answer.Result = append(answer.Result, sample{found.Metric.Map(), fmt.Sprint(found.F)})
		}
		answers = append(answers, answer)
	}
	return json.NewEncoder(os.Stdout).Encode(answers)
}

func load(db *tsdb.DB, expressions parser.Parser, in input) error {
	appender := db.Appender(context.Background())
	for _, text := range in.Series {
		metric, values, err := expressions.ParseSeriesDesc(text)
		if err != nil {
			return fmt.Errorf("%s: %w", text, err)
		}
		for index, value := range values {
			if value.Omitted {
				continue
			}
			if _, err := appender.Append(0, metric, int64(index)*in.Interval*1000, value.Value); err != nil {
				return err
			}
		}
	}
	return appender.Commit()
}

func selectors(expression parser.Expr) []selector {
	found := []selector{}
	parser.Inspect(expression, func(node parser.Node, _ []parser.Node) error {
		if vector, ok := node.(*parser.VectorSelector); ok {
			selector := selector{Name: vector.Name, Matchers: []matcher{}}
			for _, m := range vector.LabelMatchers {
				if m.Name != labels.MetricName {
					selector.Matchers = append(selector.Matchers, matcher{m.Name, m.Type.String(), m.Value})
				}
			}
			found = append(found, selector)
		}
		return nil
	})
	return found
}
