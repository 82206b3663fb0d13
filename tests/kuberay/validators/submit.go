package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/ray-project/kuberay/ray-operator/controllers/ray/common"
	"github.com/ray-project/kuberay/ray-operator/controllers/ray/utils"

	rayv1 "github.com/ray-project/kuberay/ray-operator/apis/ray/v1"
	"rayguard.dev/validators/lines"
)

// submission is what the submitter of one RayJob does.
type submission struct {
	// Refused is the error of KubeRay, which then creates no submitter.
	Refused string `json:"refused,omitempty"`
	// Line is the line that KubeRay gives to bash.
	Line string `json:"line,omitempty"`
	// Submits are the arguments of each call of `ray job submit`.
	Submits [][]string `json:"submits"`
	// Others are the other commands that bash runs, without those of KubeRay.
	Others [][]string `json:"others"`
	// Redirected reports whether a call of `ray job submit` has another standard input, output or error than the line.
	Redirected bool `json:"redirected"`
	// Follows reports whether bash runs `ray job logs` at the end of the line.
	Follows bool `json:"follows"`
	// Complaint is the first error that bash prints.
	Complaint string `json:"complaint,omitempty"`
	// Endless reports whether the line did not end in time.
	Endless bool `json:"endless"`
}

// submitAll reads one RayJob per line, runs its submitter with a `ray` that only records its arguments, and writes one
// submission per line.
func submitAll(in io.Reader, out io.Writer) error {
	folder, err := os.MkdirTemp("", "submitter")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	return lines.Answer(in, out, func(job *rayv1.RayJob) (submission, error) { return submit(job, folder) })
}

func submit(job *rayv1.RayJob, folder string) (submission, error) {
	given := submission{Submits: [][]string{}, Others: [][]string{}}
	job.Status.DashboardURL = "head-svc.default.svc.cluster.local:8265"
	job.Status.JobId = job.Spec.JobId
	if job.Status.JobId == "" {
		job.Status.JobId = "job-x7k2p"
	}
	mode := job.Spec.SubmissionMode
	if mode == "" {
		mode = rayv1.K8sJobMode
	}
	words, err := common.BuildJobSubmitCommand(job, mode)
	if err != nil {
		given.Refused = err.Error()
		return given, nil
	}
	given.Line = expand(strings.Join(words, " "), map[string]string{
		"PYTHONUNBUFFERED":      "1",
		"RAY_DASHBOARD_ADDRESS": job.Status.DashboardURL,
		"RAY_JOB_SUBMISSION_ID": job.Status.JobId,
	})
	// Some commands run only where an earlier one fails. The first run decides what reaches the cluster.
	for _, statuses := range [][2]int{{1, 0}, {1, 1}, {0, 0}} {
		ran := submission{Line: given.Line}
		if err := ran.run(folder, statuses); err != nil {
			return given, err
		}
		if statuses == [2]int{1, 0} {
			others := given.Others
			given = ran
			given.Others = append(others, ran.Others...)
			if given.Submits == nil {
				given.Submits = [][]string{}
			}
			if !strings.Contains(given.Line, "||") && !strings.Contains(given.Line, "el") {
				break
			}
			continue
		}
		given.Others = append(given.Others, ran.Others...)
		given.Redirected = given.Redirected || ran.Redirected
	}
	return given, nil
}

// expand replaces each $(NAME) as kubelet does in the arguments of a container.
func expand(text string, variables map[string]string) string {
	var expanded strings.Builder
	for {
		before, after, found := strings.Cut(text, "$")
		expanded.WriteString(before)
		if !found {
			return expanded.String()
		}
		text = after
		switch name, rest, closed := strings.Cut(strings.TrimPrefix(text, "("), ")"); {
		case strings.HasPrefix(text, "$"):
			expanded.WriteString("$")
			text = text[1:]
		case strings.HasPrefix(text, "(") && closed:
			if value, known := variables[name]; known {
				expanded.WriteString(value)
			} else {
				expanded.WriteString("$(" + name + ")")
			}
			text = rest
		default:
			expanded.WriteString("$")
		}
	}
}

// record is a function of bash that writes the name of a command, the number of its arguments, and the arguments.
const record = `builtin printf '%s\0' "$1" "$#" "${@:2}" >&3`

// functions take the place of all commands. They report what bash runs, and run nothing.
var functions = map[string]string{
	"record": record,
	"ray": `case "$1 $2" in
		"job status") return "$STATUS" ;;
		"job logs") record follows "$@" ;;
		"job submit")
			if [ /proc/self/fd/0 -ef /proc/self/fd/6 ] && [ /proc/self/fd/1 -ef /proc/self/fd/4 ] &&
				[ /proc/self/fd/2 -ef /proc/self/fd/5 ]; then record submit "$@"; else record redirected "$@"; fi
			return "$SUBMIT" ;;
		*) record other "$@" ;;
	esac`,
	"python":                   `case "$2" in "import urllib.request;"*) return 0 ;; esac; record other python "$@"`,
	"command_not_found_handle": `record other "$@"`,
	"exit":                     `record other exit "$@"; builtin exit "$@"`,
	"no":                       `record other no "$@"; return 1`,
}

func init() {
	for _, builtin := range []string{"echo", "cd", "export", "set", "source", "exec", "true", "test", "read", "wait"} {
		functions[builtin] = "record other " + builtin + ` "$@"`
	}
}

// run runs the line with bash. The statuses are those of `ray job status` and `ray job submit`.
func (given *submission) run(folder string, statuses [2]int) error {
	ctx, stop := context.WithTimeout(context.Background(), 2*time.Second)
	defer stop()
	command := utils.GetContainerCommand([]string{"e"})
	bash := exec.CommandContext(ctx, command[0], append(command[1:], given.Line)...)
	bash.Dir = folder
	bash.Env = []string{
		"PATH=/nonexistent", "HOME=" + folder, "LC_ALL=C.UTF-8", "FUNCNEST=50",
		fmt.Sprintf("STATUS=%d", statuses[0]), fmt.Sprintf("SUBMIT=%d", statuses[1]),
	}
	bash.WaitDelay = time.Second
	for name, body := range functions {
		bash.Env = append(bash.Env, fmt.Sprintf("BASH_FUNC_%s%%%%=() { %s\n}", name, body))
	}
	var files [3]*os.File
	for index, name := range []string{"in", "out", "err"} {
		file, err := os.Create(filepath.Join(folder, name))
		if err != nil {
			return err
		}
		defer file.Close()
		files[index] = file
	}
	bash.Stdin, bash.Stdout, bash.Stderr = files[0], files[1], files[2]
	reader, writer, err := os.Pipe()
	if err != nil {
		return err
	}
	defer reader.Close()
	bash.ExtraFiles = []*os.File{writer, files[1], files[2], files[0]}
	if err := bash.Start(); err != nil {
		writer.Close()
		return err
	}
	writer.Close()
	var records bytes.Buffer
	read := make(chan error, 1)
	go func() {
		// An endless line writes without end.
		_, err := io.Copy(&records, io.LimitReader(reader, 1<<20))
		read <- err
	}()
	_ = bash.Wait() // whether the line fails does not matter, but what it runs
	_ = reader.SetReadDeadline(time.Now().Add(time.Second))
	if err := <-read; err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	if ctx.Err() != nil {
		given.Endless = true
		return nil
	}
	complaint, err := os.ReadFile(filepath.Join(folder, "err"))
	if err != nil {
		return err
	}
	for line := range strings.Lines(strings.ToValidUTF8(string(complaint), "?")) {
		if given.Complaint == "" && !strings.Contains(line, "warning: here-document") {
			given.Complaint = strings.TrimSuffix(line, "\n")
		}
	}
	return given.sort(records.Bytes())
}

// sort reads the records of a run.
func (given *submission) sort(records []byte) error {
	fields := bytes.Split(bytes.TrimSuffix(records, []byte{0}), []byte{0})
	if len(records) == 0 {
		return nil
	}
	for len(fields) > 0 {
		if len(fields) < 2 {
			return fmt.Errorf("a record is cut off: %q", records)
		}
		count, err := strconv.Atoi(string(fields[1]))
		if err != nil || len(fields) < count+1 {
			return fmt.Errorf("a record is cut off: %q", records)
		}
		words := []string{}
		for _, word := range fields[2 : count+1] {
			words = append(words, strings.ToValidUTF8(string(word), "?"))
		}
		switch string(fields[0]) {
		case "submit":
			given.Submits = append(given.Submits, words[2:])
		case "redirected":
			given.Submits = append(given.Submits, words[2:])
			given.Redirected = true
		case "follows":
			given.Follows = true
		default:
			given.Others = append(given.Others, words)
		}
		fields = fields[count+1:]
	}
	return nil
}
