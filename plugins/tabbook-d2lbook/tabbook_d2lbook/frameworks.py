"""What is known of frameworks and packages: how their projects write their names, what to install."""

import re
from collections.abc import Mapping
from typing import Any

NAMES: Mapping[str, str] = {
    "autogluon": "AutoGluon",
    "cpp": "C++",
    "cuda": "CUDA",
    "cupy": "CuPy",
    "deepspeed": "DeepSpeed",
    "dgl": "DGL",
    "fastai": "fastai",
    "huggingface": "Hugging Face",
    "jax": "JAX",
    "lightgbm": "LightGBM",
    "megengine": "MegEngine",
    "mindspore": "MindSpore",
    "mlx": "MLX",
    "mxnet": "MXNet",
    "numpy": "NumPy",
    "numpyro": "NumPyro",
    "oneflow": "OneFlow",
    "onnx": "ONNX",
    "paddle": "PaddlePaddle",
    "paddlepaddle": "PaddlePaddle",
    "pandas": "pandas",
    "pyspark": "PySpark",
    "pytorch": "PyTorch",
    "scipy": "SciPy",
    "sklearn": "scikit-learn",
    "sql": "SQL",
    "tensorflow": "TensorFlow",
    "tf": "TensorFlow",
    "tinygrad": "tinygrad",
    "torch": "PyTorch",
    "tvm": "TVM",
    "xgboost": "XGBoost",
}
"""Words of names that are not written with a capital letter in front and small ones behind it."""
_WHOLE: Mapping[str, str] = {"scikit-learn": "scikit-learn", "c++": "C++"}

REQUIREMENTS: Mapping[str, list[str]] = {
    "cupy": ["cupy-cuda12x"],
    "flax": ["flax", "jax"],
    "jax": ["jax", "flax", "optax"],
    "keras": ["keras"],
    "mindspore": ["mindspore"],
    "mxnet": ["mxnet==1.9.1", "numpy==1.23.5"],
    "numpy": ["numpy"],
    "paddle": ["paddlepaddle"],
    "paddlepaddle": ["paddlepaddle"],
    "pytorch": ["torch", "torchvision"],
    "scikit-learn": ["scikit-learn"],
    "sklearn": ["scikit-learn"],
    "tensorflow": ["tensorflow"],
    "torch": ["torch", "torchvision"],
    "tvm": ["apache-tvm"],
}
"""What the environment of a tab of this name needs in any case."""

DISTRIBUTIONS: Mapping[str, str] = {
    "IPython": "ipython",
    "PIL": "pillow",
    "bs4": "beautifulsoup4",
    "cupy": "cupy-cuda12x",
    "cv2": "opencv-python",
    "paddle": "paddlepaddle",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "syne_tune": "syne-tune",
    "tensorflow_datasets": "tensorflow-datasets",
    "tensorflow_probability": "tensorflow-probability",
    "tvm": "apache-tvm",
    "yaml": "pyyaml",
}
"""The distributions of modules whose names differ."""


_PYTORCH: Mapping[str, Any] = {
    "distribution": "torch",
    "device": (
        "any(kind.max_memory_allocated(i) > 0 for kind in (torch.cuda, torch.xpu)"
        " for i in range(kind.device_count()))"
        " or torch.backends.mps.is_available() and torch.mps.driver_allocated_memory() > 0"
    ),
    "binder_requirements": ["--extra-index-url https://download.pytorch.org/whl/cpu"],
}
_TENSORFLOW: Mapping[str, Any] = {
    "distribution": "tensorflow",
    "unkeyed_variables": {
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "TF_FORCE_GPU_ALLOW_GROWTH": "true",
        "TF_NUM_INTRAOP_THREADS": "{threads}",
        "TF_NUM_INTEROP_THREADS": "{threads}",
    },
    "pass_variables": ["TF_*", "KERAS_*", "XLA_*"],
    "device": (
        'any(tensorflow.config.experimental.get_memory_info(device.name.removeprefix("/device:"))["peak"] > 0'
        ' for device in tensorflow.config.list_logical_devices("GPU"))'
    ),
    "log_lines": ["To enable the following instructions:"],
}
_JAX: Mapping[str, Any] = {
    "distribution": "jax",
    "unkeyed_variables": {
        "NPROC": "{threads}",
        "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
        "JAX_COMPILATION_CACHE_DIR": "{home}/jax",
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
    },
    "pass_variables": ["XLA_*"],
    "device": (
        'any((device.memory_stats() or {}).get("peak_bytes_in_use", 1) > 0'
        ' for device in jax.local_devices() if device.platform != "cpu")'
    ),
}
SETTINGS: Mapping[str, Mapping[str, Any]] = {
    "flax": _JAX,
    "jax": _JAX,
    "mxnet": {"distribution": "mxnet", "device": "mxnet.context.num_gpus() > 0"},
    "pytorch": _PYTORCH,
    "tensorflow": _TENSORFLOW,
    "tf": _TENSORFLOW,
    "torch": _PYTORCH,
}
"""What the configuration says about how the code of a tab of this name runs, where that is known."""


def framework_name(tab: str) -> str:
    """Return the name that readers see on a tab, written as the project writes it."""
    if tab in _WHOLE:
        return _WHOLE[tab]
    words = filter(None, re.split(r"[-_]", tab))
    return " ".join(NAMES.get(word, word[0].upper() + word[1:]) for word in words) or tab
