#!/usr/bin/env python3
"""The checks refuse what they are there to refuse, and only that."""
import importlib.util
import pathlib
import tempfile
import unittest

import cpp_text
import layers
import tidy
from tree import ROOT, Findings


def refusals(check, *arguments):
    findings = Findings()
    check(*arguments, findings)
    return "\n".join(findings.refused)


def tree_of(**texts):
    """tree_of(http__date="…") is a tree with that one header."""
    return {"eventcore/" + name.replace("__", "/") + ".hpp": text for name, text in texts.items()}


class Layers(unittest.TestCase):
    def refused(self, **texts):
        return refusals(layers.check, tree_of(**texts))

    def test_a_lower_layer_may_be_included(self):
        self.assertEqual("", self.refused(http__date='#include "eventcore/base/ascii.hpp"', base__ascii=""))

    def test_a_codec_must_not_know_coroutines(self):
        answer = self.refused(http__date='#include "eventcore/coro/task.hpp"', coro__task="")
        self.assertIn("http/ must not include coro/", answer)

    def test_a_handler_must_not_reach_the_reactor_through_content(self):
        answer = self.refused(
            web__files='#include "eventcore/content/file.hpp"',
            content__file='#include "eventcore/reactor/offload.hpp"',
            reactor__offload="")
        self.assertIn("web/ reaches reactor/ by eventcore/content/file.hpp", answer)

    def test_a_circle_is_refused(self):
        answer = self.refused(
            base__a='#include "eventcore/base/b.hpp"', base__b='#include "eventcore/base/a.hpp"')
        self.assertIn("includes itself", answer)

    def test_a_handler_names_no_socket_header(self):
        self.assertIn("is for reactor/ and net/", self.refused(web__body="#include <sys/socket.h>"))

    def test_a_new_folder_needs_a_line_in_the_table(self):
        self.assertIn("is not a layer", self.refused(extra__thing=""))

    def test_a_library_has_one_home(self):
        self.assertIn("io_uring.hpp only", self.refused(reactor__reactor="#include <liburing.h>"))


class Tidy(unittest.TestCase):
    def functions(self, text):
        return [(f.name, f.length, f.nesting) for f in cpp_text.functions(text)]

    def test_a_long_function_is_refused(self):
        body = "    int x = 0;\n" * 70
        self.assertIn("f: 72 lines", refusals(tidy.check_functions, "a.hpp", "void f() {\n" + body + "}\n"))

    def test_deep_nesting_is_refused(self):
        text = "void f() { if (a) { for (;;) { while (b) { if (c) { auto g = [] { h(); }; } } } } }"
        self.assertIn("nested 5 deep", refusals(tidy.check_functions, "a.hpp", text))

    def test_functions_are_told_from_types_and_initializers(self):
        text = """
            namespace a { template <class T = int> struct s : b<T> {
                s(int x) noexcept : x_{x}, y_(x) { f(); }
                bool operator==(const s&) const = default;
                s& operator=(s o) { return *this; }
                auto g() const -> std::array<int, 2> { return {1, 2}; }
                int x_ = 0, y_{};
            }; constexpr int table[] = {1, 2}; inline auto h = [](int v) { return "}{" + v; }; }"""
        self.assertEqual(["s", "operator", "g", "lambda"], [name for name, _, _ in self.functions(text)])

    def test_braces_in_text_and_comments_do_not_count(self):
        text = "void f() {\n // {\n auto s = R\"x({{{)x\"; char c = '{'; int n = 1'000; /* { */ }\n"
        text += "void g() {}\n"
        self.assertEqual([("f", 3, 0), ("g", 1, 0)], self.functions(text))

    def test_a_foreign_macro_is_refused(self):
        self.assertIn("begins EVENTCORE_", refusals(tidy.check_macros, "eventcore/a.hpp", "#define MAX 1\n"))
        self.assertEqual("", refusals(tidy.check_macros, "eventcore/version.hpp", "#define EVENTCORE_X 1\n"))

    def test_heavy_includes_are_refused_but_threads_have_a_home(self):
        check = tidy.check_heavy_includes
        self.assertIn("compile time", refusals(check, "eventcore/http/a.hpp", "#include <regex>\n"))
        self.assertIn("server/", refusals(check, "eventcore/coro/a.hpp", "#include <thread>\n"))
        self.assertEqual("", refusals(check, "eventcore/server/a.hpp", "#include <thread>\n"))

    def test_only_the_reactor_reads_a_clock(self):
        text = "auto f() { return std::chrono::steady_clock::now(); }\n"
        self.assertIn("reads a clock", refusals(tidy.check_clocks, "eventcore/web/a.hpp", text))
        self.assertEqual("", refusals(tidy.check_clocks, "eventcore/reactor/a.hpp", text))

    def test_lines_are_short_and_clean(self):
        check = tidy.check_lines
        self.assertIn("111 columns", refusals(check, "a.hpp", "x" * 111 + "\n"))
        self.assertEqual("", refusals(check, "a.hpp", "é" * 110 + "\n"))
        self.assertIn("tab", refusals(check, "a.hpp", "\tx\n"))
        self.assertIn("end of the line", refusals(check, "a.hpp", "x \n"))
        self.assertIn("finish it", refusals(check, "a.hpp", "// TO" "DO: more\n"))

    def test_a_header_begins_with_a_sentence(self):
        check = tidy.check_header_shape
        self.assertIn("first line", refusals(check, "a.hpp", "#pragma once\n"))
        self.assertIn("pragma once", refusals(check, "a.hpp", "// Dates.\n"))
        self.assertIn("sort", refusals(check, "a.hpp", "// D.\n#pragma once\n#include <b>\n#include <a>\n"))

    def test_a_test_includes_its_header_first(self):
        answer = refusals(tidy.check_test, "tests/base/a.cpp", '#include "catch.hpp"\n', tree_of(base__a=""))
        self.assertIn('the first include is "eventcore/base/a.hpp"', answer)


    def test_two_cases_of_a_layer_have_two_names(self):
        case = 'TEST_CASE("zero is even") {}\n'
        check = tidy.check_test_names
        self.assertEqual("", refusals(check, [("tests/base/a.cpp", case), ("tests/http/a.cpp", case)]))
        answer = refusals(check, [("tests/base/a.cpp", case), ("tests/base/b.cpp", case)])
        self.assertIn('"zero is even" is the name of a case in tests/base/a.cpp too', answer)


class Amalgamation(unittest.TestCase):
    def make(self, **texts):
        spec = importlib.util.spec_from_file_location("amalgamate", ROOT / "cmake" / "amalgamate.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        with tempfile.TemporaryDirectory() as folder:
            for name, text in tree_of(**texts).items():
                path = pathlib.Path(folder, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            made = module.Amalgamation(pathlib.Path(folder))
            made.add(module.UMBRELLA)
            return made.output, module.unreached(made)

    def test_every_header_is_inlined_once_in_order(self):
        output, forgotten = self.make(
            eventcore='#include "eventcore/base/a.hpp"\n#include "eventcore/base/b.hpp"\n',
            base__a="int a;\n", base__b='#pragma once\n#include "eventcore/base/a.hpp"\nint b;\n')
        self.assertEqual(["int a;", "int b;"], [line for line in output if line.startswith("int")])
        self.assertEqual([], forgotten)

    def test_what_a_switched_header_needs_stays_outside_the_switch(self):
        output, _ = self.make(
            eventcore='#if X\n#include "eventcore/reactor/ring.hpp"\n#endif\n'
                      '#include "eventcore/base/a.hpp"\n',
            reactor__ring='#include "eventcore/base/a.hpp"\nint ring;\n', base__a="int a;\n")
        code = [line for line in output if line.startswith(("int", "#"))]
        self.assertEqual(["int a;", "#if X", "int ring;", "#endif"], code)

    def test_a_forgotten_header_is_named(self):
        _, forgotten = self.make(eventcore="\n", base__a="int a;\n")
        self.assertEqual(["eventcore/base/a.hpp"], forgotten)


if __name__ == "__main__":
    unittest.main()
