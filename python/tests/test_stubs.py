"""Do the stubs say what is there?"""

import ast
import inspect
import pathlib

import slotcast


def stub():
    path = pathlib.Path(slotcast.__file__).with_suffix(".pyi")
    tree = ast.parse(path.read_text())
    (found,) = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Analyzer"]
    return {node.name: node for node in found.body if isinstance(node, ast.FunctionDef)}


def test_stubs_are_installed_and_marked():
    folder = pathlib.Path(slotcast.__file__).parent
    assert (folder / "py.typed").exists() and (folder / "__init__.pyi").exists()


def test_stubs_have_the_methods_and_parameters_that_are_there():
    stubs = stub()
    there = {name for name in vars(slotcast.Analyzer) if not name.startswith("_")}
    assert there == set(stubs) - {"__new__"}
    for name, node in stubs.items():
        found = getattr(slotcast.Analyzer, name)
        if name == "__new__":
            found = slotcast.Analyzer
        if not callable(found):
            assert [ast.unparse(it) for it in node.decorator_list] == ["property"]
            continue
        parameters = inspect.signature(found).parameters.values()
        positional = [it.name for it in parameters if it.kind == it.POSITIONAL_OR_KEYWORD]
        positional = [name for name in positional if name != "self"]
        named = [it.name for it in parameters if it.kind == it.KEYWORD_ONLY]
        if name == "__new__":
            positional.insert(0, "cls")
        assert [it.arg for it in node.args.args if it.arg != "self"] == positional, name
        assert [it.arg for it in node.args.kwonlyargs] == named, name
        assert name == "__new__" or found.__doc__, f"{name} has a docstring"
