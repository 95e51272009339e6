// The suite of the Go client: suite PARTS CASES, the parts as JSON and the path of cases.json. It prints one line for
// each case: `ok NAME` or `FAILED NAME: WHY`.
package main

import (
	"encoding/json"
	"fmt"
	"io/ioutil"
	"net/http"
	"os"
	"strings"
	"time"

	client "progression-service/clients/go"
)

// Parts are what the suite runs against.
type Parts struct {
	URL, UnavailableURL, ControlURL, AccountID, UserID, OtherUserID, HeldUserID, LiftID, UnknownID string
}

// Case is one of cases.json.
type Case struct {
	Name    string
	Method  string
	Request json.RawMessage
	Headers map[string]string
	Answer  interface{}
	Error   interface{}
}

var (
	parts  Parts
	values map[string]string
	caller *client.Client
)

func main() {
	must(json.Unmarshal([]byte(os.Args[1]), &parts))
	must(json.Unmarshal([]byte(os.Args[1]), &values))
	text, err := ioutil.ReadFile(os.Args[2])
	must(err)
	var cases []Case
	must(json.Unmarshal(text, &cases))
	caller = connect(parts.URL, client.Options{AccountID: parts.AccountID})
	defer caller.Close()
	for _, each := range cases {
		report(each.Name, func() error { return runCase(each) })
	}
	for _, each := range scenarios {
		report(each.name, each.run)
	}
}

func connect(url string, options client.Options) *client.Client {
	options.AccountID = parts.AccountID
	connected, err := client.New(strings.TrimPrefix(url, "http://"), options)
	must(err)
	return connected
}

func report(name string, run func() error) {
	if err := run(); err != nil {
		fmt.Println("FAILED", name+":", strings.ReplaceAll(err.Error(), "\n", " "))
		return
	}
	fmt.Println("ok", name)
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// control asks the stage to cut, refuse, restart or release; its answer.
func control(what string) string {
	asker := http.Client{Timeout: 20 * time.Second}
	answer, err := asker.Get(parts.ControlURL + "/" + what)
	must(err)
	defer answer.Body.Close()
	text, err := ioutil.ReadAll(answer.Body)
	must(err)
	return string(text)
}

// fill replaces `$newId`, `$long:N` and the names of parts.
func fill(value interface{}) interface{} {
	switch typed := value.(type) {
	case string:
		return fillText(typed)
	case []interface{}:
		filled := make([]interface{}, len(typed))
		for index, each := range typed {
			filled[index] = fill(each)
		}
		return filled
	case map[string]interface{}:
		filled := map[string]interface{}{}
		for key, each := range typed {
			filled[key] = fill(each)
		}
		return filled
	default:
		return value
	}
}

func fillText(text string) string {
	if !strings.HasPrefix(text, "$") {
		return text
	}
	var length int
	if _, err := fmt.Sscanf(text, "$long:%d", &length); err == nil {
		return strings.Repeat("x", length)
	}
	if text == "$newId" {
		return client.NewRequestID()
	}
	return values[text[1:]]
}

// contains compares JSON: an object may have more fields than are expected, a list more elements.
func contains(actual, expected interface{}, path string) error {
	switch typed := expected.(type) {
	case map[string]interface{}:
		object, isObject := actual.(map[string]interface{})
		if !isObject {
			return fmt.Errorf("%s is %v", path, actual)
		}
		for key, value := range typed {
			if err := contains(object[key], value, path+"."+key); err != nil {
				return err
			}
		}
		return nil
	case []interface{}:
		list, _ := actual.([]interface{})
		if len(list) < len(typed) {
			return fmt.Errorf("%s is %v", path, actual)
		}
		for index, value := range typed {
			if err := contains(list[index], value, fmt.Sprintf("%s[%d]", path, index)); err != nil {
				return err
			}
		}
		return nil
	default:
		if actual != expected {
			return fmt.Errorf("%s is %v, not %v", path, actual, expected)
		}
		return nil
	}
}
