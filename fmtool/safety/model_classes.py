"""Lists of what a model from elsewhere may consist of: classes of Keras that compute alone.

A class is on these lists because it was looked at: it calls no code that the file brings along,
reads no file and opens no connection. What is new in Keras is refused until it has been.
"""

import re

from fmtool.safety.words import words

_LAYERS = words(
    """
    Activation ActivityRegularization AdaptiveAveragePooling1D AdaptiveAveragePooling2D
    AdaptiveAveragePooling3D AdaptiveMaxPooling1D AdaptiveMaxPooling2D AdaptiveMaxPooling3D Add
    AdditiveAttention AlphaDropout Attention Average AveragePooling1D AveragePooling2D
    AveragePooling3D BatchNormalization Bidirectional CategoryEncoding CenterCrop Concatenate
    Conv1D Conv1DTranspose Conv2D Conv2DTranspose Conv3D Conv3DTranspose ConvLSTM1D ConvLSTM2D
    ConvLSTM3D Cropping1D Cropping2D Cropping3D Dense DepthwiseConv1D DepthwiseConv2D
    Discretization Dot Dropout ELU EinsumDense Embedding Flatten GRU GRUCell GaussianDropout
    GaussianNoise GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D
    GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D GroupNormalization GroupQueryAttention
    HashedCrossing Hashing Identity InputLayer LSTM LSTMCell LayerNormalization LeakyReLU Masking
    MaxPooling1D MaxPooling2D MaxPooling3D Maximum MelSpectrogram Minimum MultiHeadAttention
    Multiply Normalization PReLU Permute RMSNormalization RNN RandomBrightness RandomContrast
    RandomCrop RandomFlip RandomRotation RandomTranslation RandomZoom ReLU RepeatVector Rescaling
    Reshape Resizing ReversibleEmbedding STFTSpectrogram SeparableConv1D SeparableConv2D SimpleRNN
    SimpleRNNCell Softmax SpatialDropout1D SpatialDropout2D SpatialDropout3D SpectralNormalization
    StackedRNNCells Subtract TimeDistributed UnitNormalization UpSampling1D UpSampling2D
    UpSampling3D ZeroPadding1D ZeroPadding2D ZeroPadding3D
    """
)
REFUSED_LAYERS = words(
    """
    AugMix AutoContrast ContrastLimitedAdaptiveHistogramEqualization CutMix Equalization FlaxLayer
    InputSpec IntegerLookup JaxLayer Lambda Layer MaxNumBoundingBoxes MixUp Pipeline RandAugment
    RandomColorDegeneration RandomColorJitter RandomElasticTransform RandomErasing
    RandomGaussianBlur RandomGrayscale RandomHue RandomInvert RandomPerspective RandomPosterization
    RandomSaturation RandomSharpness RandomShear Solarization StringLookup TFSMLayer
    TextVectorization TorchModuleWrapper Wrapper
    """
)
"""Looked at and left out: they run code, read files, or have no place in a trained network."""

_CLASSES = {
    "keras.layers": _LAYERS,
    "keras": frozenset({"DTypePolicy", "Functional", "Model", "Sequential"}),
    "keras.models": frozenset({"Model", "Sequential"}),
    # Layers that two of Keras' networks have for themselves; one multiplies, one adds a multiple.
    "keras.src.applications.convnext": frozenset({"LayerScale"}),
    "keras.src.applications.inception_resnet_v2": frozenset({"CustomScaleLayer"}),
    "keras.src.models.functional": frozenset({"Functional"}),
    "keras.src.models.sequential": frozenset({"Sequential"}),
    "keras.initializers": words(
        """
        Constant GlorotNormal GlorotUniform HeNormal HeUniform Identity LecunNormal LecunUniform
        Ones Orthogonal RandomNormal RandomUniform STFT TruncatedNormal VarianceScaling Zeros
        """
    ),
    "keras.regularizers": frozenset({"L1", "L1L2", "L2", "OrthogonalRegularizer"}),
    "keras.constraints": frozenset({"MaxNorm", "MinMaxNorm", "NonNeg", "UnitNorm"}),
    "keras.dtype_policies": frozenset(
        {"DTypePolicy", "DTypePolicyMap", "FloatDTypePolicy", "QuantizedDTypePolicy"}
    ),
    "keras.random": frozenset({"SeedGenerator"}),
    "keras.src.ops.core": frozenset({"Cast", "SaturateCast", "Slice", "StopGradient", "Unstack"}),
    "keras.src.ops.einops": frozenset({"Rearrange"}),
}
_OPERATIONS = frozenset(
    f"keras.src.ops.{name}" for name in ("image", "linalg", "math", "nn", "numpy")
)
"""Modules of functions of tensors alone, each an `Operation`, but for JVP, which takes code."""
_OPERATION = re.compile(r"(?!JVP$)[A-Z][A-Za-z0-9]*")

ACTIVATIONS = words(
    """
    celu elu exponential gelu glu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh
    leaky_relu linear log_sigmoid log_softmax mish relu relu6 selu sigmoid silu soft_shrink softmax
    softplus softsign sparse_plus sparse_sigmoid sparsemax squareplus swish tanh tanh_shrink
    threshold
    """
)


def is_known_class(module: object, name: object) -> bool:
    """True where `module.name`, as a model's config spells it, is on the lists."""
    if not isinstance(module, str) or not isinstance(name, str):
        return False
    if module in _OPERATIONS:
        return _OPERATION.fullmatch(name) is not None
    return name in _CLASSES.get(module, ())


def is_known_function(module: object, name: object) -> bool:
    """True where a config's function is one of Keras' activations."""
    return module in ("builtins", "keras.activations") and name in ACTIVATIONS
