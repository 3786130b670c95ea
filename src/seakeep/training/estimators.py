"""Estimators: named lazily or given as objects; checked, copied, and made to give the same model on every run.

`estimator("lightgbm.LGBMClassifier", n_estimators=200)` imports nothing, so that a pipeline whose stages are all cached ends without
loading a training library. What is hard is sameness: an unset seed, LightGBM's choice of histogram by a timing race, and
BLAS's split of sums over threads would each give another model tomorrow; all three are fixed before fitting.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from seakeep.core import plugins
from seakeep.core.errors import MissingExtra, UsageError
from seakeep.training.errors import CannotTrain, ConfigurationRefused
from seakeep.training.refusals import check_parameters, parameters_of, substitute

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import ModuleType

    from numpy.typing import NDArray

GROUP = "training.exporters"
_EXTRAS = {"sklearn": ("sklearn", "train"), "lightgbm": ("lightgbm", "lightgbm"), "xgboost": ("xgboost", "xgboost")}
_UNTOLD = ("n_jobs", "verbose", "verbosity", "random_state")


@dataclass(frozen=True, slots=True)
class Estimator:
    """An estimator by name, not loaded. name: "lightgbm.LGBMClassifier". parameters: as its class takes them."""

    name: str
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        """The estimator as it would be written: "LGBMClassifier(n_estimators=200)"."""
        return _written(self.name.rpartition(".")[2], self.parameters)


def estimator(name: str, /, **parameters: Any) -> Estimator:
    """An estimator by its class's full name; it is imported when it is trained.

    >>> str(estimator("lightgbm.LGBMClassifier", n_estimators=200))
    'LGBMClassifier(n_estimators=200)'
    """
    return Estimator(name, parameters)


def extra_of(given: Estimator | object) -> str:
    """The extra of seakeep that installs an estimator's library; empty for a library that none does. Imports nothing.

    >>> extra_of(estimator("lightgbm.LGBMClassifier"))
    'lightgbm'
    """
    name = given.name if isinstance(given, Estimator) else type(given).__module__
    return _EXTRAS.get(name.partition(".")[0], ("", ""))[1]


def with_parameters(given: Estimator | object, changed: Mapping[str, Any]) -> Estimator | object:
    """`given` with some of its parameters changed; what was given stays as it is. One that is named lazily is not imported.

    Raises: UsageError, for what is no estimator, or, of an object, for a parameter that it does not have.
    >>> str(with_parameters(estimator("lightgbm.LGBMClassifier", n_estimators=200), {"num_leaves": 63}))
    'LGBMClassifier(n_estimators=200, num_leaves=63)'
    """
    if isinstance(given, Estimator):
        return Estimator(given.name, {**given.parameters, **changed})
    if isinstance(given, type) or not hasattr(given, "set_params") or not hasattr(given, "get_params"):
        raise _not_an_estimator(given)
    known = list(given.get_params())
    for name in changed:
        if name not in known:
            raise UsageError.unknown_name("parameter", name, known, where=type(given).__name__)
    from sklearn.base import clone

    copy: object = clone(given).set_params(**changed)
    return copy


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """An unfitted copy, ready to fit. text: readable. library: its exporter's name. is_classifier: what it learns."""

    fitter: Any
    text: str
    library: str
    is_classifier: bool

    @property
    def exporter(self) -> ModuleType:
        """The module that exports it."""
        return plugins.load(GROUP, self.library)

    @property
    def class_name(self) -> str:
        """The class's name alone."""
        return type(self.fitter).__name__


def prepare(given: Estimator | object, *, seed: int) -> Prepared:
    """A copy of `given` that can be fitted, seeded with `seed` where it has no seed of its own.

    Raises: UsageError, for what is no estimator or has no such parameter; ConfigurationRefused, for one that cannot be
    exported right; MissingExtra, for a library that is not installed.
    """
    built = _built(given) if isinstance(given, Estimator) else given
    if isinstance(built, type) or not hasattr(built, "fit") or not hasattr(built, "get_params"):
        raise _not_an_estimator(given)
    library, name = _library(built)
    check_parameters(library, name, parameters_of(library, built))
    try:
        from sklearn.base import clone, is_classifier
    except ImportError as error:
        raise MissingExtra.of("sklearn", "train", purpose="Training") from error
    copy = clone(built)
    text = _written(name, _changed(copy))
    _fix_randomness(copy, library, seed)
    return Prepared(copy, text, library, bool(is_classifier(copy)))


def fit(prepared: Prepared, features: NDArray[Any], labels: NDArray[Any]) -> tuple[str, ...]:
    """Fit the copy; returns what the library warned of, once each, sorted.

    Raises: CannotTrain, with the library's words, where it refuses the parameters or the data.
    """
    with warnings.catch_warnings(record=True) as caught, one_thread_of_blas():
        warnings.simplefilter("always")
        try:
            prepared.fitter.fit(features, labels)
        except (ValueError, TypeError, ArithmeticError) as error:
            raise CannotTrain.library_said(prepared.class_name, error) from error
        except Exception as error:
            if type(error).__module__.partition(".")[0] in ("lightgbm", "xgboost"):
                raise CannotTrain.library_said(prepared.class_name, error) from error
            raise
    return tuple(sorted({str(item.message) for item in caught if issubclass(item.category, UserWarning)}))


def cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0))


@contextlib.contextmanager
def one_thread_of_blas() -> Iterator[None]:
    """Linear models sum in BLAS, whose result depends on the number of threads; trees do not use it."""
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    with threadpool_limits(1, user_api="blas"):
        yield


def _built(named: Estimator) -> Any:
    home, _, name = named.name.rpartition(".")
    library = home.partition(".")[0]
    if not home:
        raise _bare_name(named)
    if _exporter(library) is None:
        raise ConfigurationRefused.no_exporter(named.name, substitute(name), plugins.names(GROUP))
    try:
        module = importlib.import_module(home)
    except ImportError as error:
        package, extra = _EXTRAS.get(library, (library, library))
        if error.name == package:
            raise MissingExtra.of(package, extra, purpose=f"Training {name}") from error
        raise UsageError.unknown_name("module", home, _homes(library)) from error
    except OSError as error:
        raise CannotTrain.library_not_loaded(library, error) from error
    if not hasattr(module, name):
        raise UsageError.unknown_name("estimator", name, plugins.load(GROUP, library).ESTIMATORS, where=home)
    try:
        return getattr(module, name)(**named.parameters)
    except TypeError as error:
        known = list(getattr(module, name)().get_params())
        unknown = next((key for key in named.parameters if key not in known), "")
        raise UsageError.unknown_name("parameter", unknown, known, where=str(named)) from error


def _exporter(library: str) -> ModuleType | None:
    try:
        return plugins.load(GROUP, library)
    except UsageError:
        return None


def _bare_name(named: Estimator) -> UsageError:
    exporters = {library: plugins.load(GROUP, library).ESTIMATORS for library in plugins.names(GROUP)}
    homes = [home for library, known in exporters.items() if named.name in known for home in _homes(library)]
    full = next((f"{home}.{named.name}" for home in homes if _has(home, named.name)), f"MODULE.{named.name}")
    return UsageError(
        f"found the name {named.name!r}, expected a class with its module",
        cause="Naming an estimator imports it only when it is trained, so its module must be told.",
        fix=f'estimator("{full}", …)',
        name=named.name,
    )


def _has(home: str, name: str) -> bool:
    try:
        return hasattr(importlib.import_module(home), name)
    except ImportError:
        return False


def _homes(library: str) -> tuple[str, ...]:
    homes = ("ensemble", "tree", "linear_model")
    return tuple(f"sklearn.{home}" for home in homes) if library == "sklearn" else (library,)


def _library(built: object) -> tuple[str, str]:
    """The exporter that takes exactly this class; a subclass may predict in another way and has none."""
    name, root = type(built).__name__, type(built).__module__.partition(".")[0]
    exporter = _exporter(root)
    if exporter is not None and name in exporter.ESTIMATORS:
        return root, name
    raise ConfigurationRefused.no_exporter(f"{type(built).__module__}.{name}", substitute(name), plugins.names(GROUP))


def _not_an_estimator(given: object) -> UsageError:
    is_class = isinstance(given, type)
    what = f"the class {given.__name__}" if isinstance(given, type) else f"a {type(given).__name__}"
    fix = f"estimator={given.__name__}()" if isinstance(given, type) else "estimator=LGBMClassifier(n_estimators=200)"
    return UsageError(
        f"found {what}, expected an estimator object or seakeep.training.estimator(…)",
        cause="The parentheses are missing." if is_class else "It has no fit and get_params.",
        fix=fix,
        given=given,
    )


def _fix_randomness(copy: Any, library: str, seed: int) -> None:
    parameters = copy.get_params(deep=False)
    settings: dict[str, Any] = {}
    if "random_state" in parameters and parameters["random_state"] is None:
        settings["random_state"] = seed
    is_linear = "linear_model" in type(copy).__module__  # where n_jobs is being given up
    if "n_jobs" in parameters and parameters["n_jobs"] is None and not is_linear:
        settings["n_jobs"] = cores()
    if library == "lightgbm":
        settings |= _lightgbm_settings(parameters)
    copy.set_params(**settings)


def _lightgbm_settings(parameters: Mapping[str, Any]) -> dict[str, Any]:
    chosen = parameters.get("force_row_wise") or parameters.get("force_col_wise")
    forced = {} if chosen else {"force_row_wise": True}
    return {"deterministic": True, "verbose": parameters.get("verbose", -1), **forced}


def _changed(built: Any) -> dict[str, Any]:
    """Parameters that differ from the class's defaults and could change an answer."""
    usual = type(built)().get_params(deep=False)
    current = built.get_params(deep=False)
    return {
        name: value
        for name, value in current.items()
        if name not in _UNTOLD and (name not in usual or repr(usual[name]) != repr(value))
    }


def _written(name: str, parameters: Mapping[str, Any]) -> str:
    return f"{name}({', '.join(f'{key}={value!r}' for key, value in parameters.items())})"
